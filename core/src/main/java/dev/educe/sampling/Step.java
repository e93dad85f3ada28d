package dev.educe.sampling;

/// One step of a [Sampler]'s chain: changes scores, or drops candidates.
@FunctionalInterface
interface Step {
  /// Works on the candidates of one position; keeps nothing of them.
  void apply(Candidates candidates);
}
