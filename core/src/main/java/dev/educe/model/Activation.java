package dev.educe.model;

/// What is done to the gate of a feed-forward network.
public enum Activation {
  /// `x / (1 + exp(−x))`.
  SILU
}
