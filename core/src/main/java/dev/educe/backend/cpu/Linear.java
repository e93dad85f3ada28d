package dev.educe.backend.cpu;

import dev.educe.kernels.Panels;
import dev.educe.kernels.RowKernels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A loaded projection: a matrix and perhaps a bias.
///
/// @param name of the matrix
/// @param weights `[rows, columns]`
/// @param bias F32 `[rows]`
record Linear(String name, Panels weights, Optional<MemorySegment> bias) {
  /// Floats from one product to the next: whole panels.
  long stride() {
    return (long) weights.panels() * 16;
  }

  /// Its product, bound to where that goes: F32 `[rows of activations, stride]`.
  Products.Product into(MemorySegment target) {
    return new Products.Product(name, weights, target, stride());
  }

  /// Adds the bias, if there is one, to a row of products.
  void addBias(RowKernels rows, MemorySegment y, long offset) {
    if (bias.isPresent()) {
      rows.add(bias.get(), 0, y, offset, weights.rows());
    }
  }
}
