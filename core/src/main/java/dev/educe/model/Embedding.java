package dev.educe.model;

/// Turns token ids into hidden states: a row of the table each, times `scale`.
///
/// @param weight `[vocabularySize, hiddenSize]`
public record Embedding(WeightSpec weight, float scale) {}
