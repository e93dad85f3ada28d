/// Logits to a token: penalties, truncation, temperature, and a draw that a seed repeats anywhere.
///
/// A [dev.educe.sampling.Sampler] is a chain of small steps over [dev.educe.sampling.Candidates];
/// whatever else may shape a choice (a bias, a grammar's mask, other truncations) is one more step.
/// Candidates belong to whoever makes them and serve any number of sequences, one after the other;
/// samplers belong to their sequence. Logits are borrowed for the length of a call and never
/// changed.
package dev.educe.sampling;
