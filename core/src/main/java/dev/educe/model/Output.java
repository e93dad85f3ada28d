package dev.educe.model;

/// Turns hidden states into logits: a norm, then the last matrix.
///
/// @param projection `[vocabularySize, hiddenSize]`; a checkpoint without its weight shares the
///   embedding's ("tied"), see [Weights#output]
public record Output(Norm norm, Projection projection) {}
