package dev.educe.engine;

/// How many tokens a step may have, so that it does not take too long.
///
/// Begins low, for nothing is known of the machine and its code is still cold, and follows what
/// steps that were as large as allowed have taken.
final class StepBudget {
  // What a prompt advances by at least, however slow the machine: a tile of the matrix kernel.
  static final int CHUNK_MIN = 16;

  private static final int START = 32;

  // Aim below the limit, so that an ordinary deviation stays within.
  private static final double AIM = 0.7;
  private static final double GROWTH_MAX = 2;
  private static final double SHRINKAGE_MAX = 0.25;

  private final int tokensMax;
  private final long nanosMax;
  private double tokens;

  StepBudget(int tokensMax, long nanosMax) {
    this.tokensMax = tokensMax;
    this.nanosMax = nanosMax;
    this.tokens = Math.min(START, tokensMax);
  }

  /// Tokens of the next step, but for those that make a text longer, which are never put off.
  int tokens() {
    return (int) tokens;
  }

  /// @param stepTokens tokens the step had
  /// @param nanos how long it took
  void measured(int stepTokens, long nanos) {
    if (stepTokens < 0.75 * tokens && nanos <= nanosMax) {
      return; // says little of a larger one
    }
    double change = AIM * nanosMax / Math.max(1, nanos);
    double least = Math.min(CHUNK_MIN, tokensMax);
    tokens = Math.clamp(tokens * Math.clamp(change, SHRINKAGE_MAX, GROWTH_MAX), least, tokensMax);
  }
}
