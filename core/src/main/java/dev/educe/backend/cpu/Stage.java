package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;

/// One op of the description, bound to its weights and to where its output goes.
interface Stage {
  /// Whether [#run] reads the quantized blocks of its input.
  boolean quantized();

  /// Computes the op for all tokens of a batch.
  ///
  /// @param x the tokens' activations; quantized if [#quantized] says so
  void run(Batch batch, Activations x);
}
