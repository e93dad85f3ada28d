package dev.educe.model;

import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import java.util.List;

/// A weight that a description wants, found in a file.
///
/// @param parts the tensor that holds it; or, for experts that a file keeps apart, one for each
///   expert, in order, each `[rows, columns]`; all of the same type
public record Weight(WeightSpec spec, List<TensorEntry> parts) {
  public Weight {
    parts = List.copyOf(parts);
  }

  /// How its elements are stored.
  public DType type() {
    return parts.getFirst().type();
  }

  /// Bytes in the file.
  public long bytes() {
    return parts.stream().mapToLong(TensorEntry::bytes).sum();
  }
}
