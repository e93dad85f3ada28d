/// Logits to a token: biases, penalties, truncation, temperature, and a draw that a seed repeats
/// anywhere.
///
/// A [dev.educe.sampling.Sampler] is a chain of small steps over [dev.educe.sampling.Candidates];
/// [dev.educe.sampling.Sampling] says which and in what order, and what a program or a grammar adds
/// is a [dev.educe.sampling.LogitsProcessor] before it. Candidates belong to whoever makes them and
/// serve any number of sequences, one after the other; samplers belong to their sequence. Logits
/// are borrowed for the length of a call and never changed.
package dev.educe.sampling;
