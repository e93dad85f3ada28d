package dev.educe.engine;

/// How often guesses come true, of late.
///
/// Counted is each guess whose predecessors came true, so that a draft of `k` guesses gives `rate +
/// rate² + … + rateᵏ` tokens.
final class Acceptance {
  // What is left of a guess's weight with each one after it: the last 30 or so decide.
  private static final double KEPT = 0.97;

  // How many guesses the expectation counts for.
  private static final double EXPECTED_WEIGHT = 2;

  private double right;
  private double seen;

  void saw(boolean isRight) {
    right = KEPT * right + (isRight ? 1 : 0);
    seen = KEPT * seen + 1;
  }

  /// The share that comes true, 0 to 1.
  ///
  /// @param expected what is believed where little was seen
  double rate(double expected) {
    return (right + EXPECTED_WEIGHT * expected) / (seen + EXPECTED_WEIGHT);
  }
}
