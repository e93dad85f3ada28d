package dev.educe.backend.cpu;

import dev.educe.backend.Batch;
import dev.educe.kernels.Activations;

/// One op of the description, bound to its weights and to where its output goes.
interface Stage {
  /// Whether [#run] reads the quantized blocks of its input.
  boolean quantized();

  /// Computes the op for some tokens of a batch.
  ///
  /// @param tokens which token each row is; all tokens in order for an op that keeps state
  /// @param rows how many rows there are
  /// @param x the rows' activations; quantized if [#quantized] says so
  void run(Batch batch, int[] tokens, int rows, Activations x);
}
