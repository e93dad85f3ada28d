package dev.educe.kernels;

/// The arithmetic of a model, in one implementation: the same bits in every one.
public interface Kernels {
  /// The version of the arithmetic contract; it rises whenever a result changes by a bit.
  int CONTRACT_VERSION = 2;

  /// What runs, as shown to people: `scalar`, `vector 512`.
  String name();

  /// Products with packed weight matrices.
  MatrixKernels matrix();

  /// Attention over a paged KV cache.
  AttentionKernels attention();

  /// What is done to rows of activations.
  RowKernels rows();

  /// What choosing a token does to a row of logits.
  LogitKernels logits();
}
