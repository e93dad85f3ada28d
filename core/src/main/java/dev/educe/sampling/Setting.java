package dev.educe.sampling;

/// Checks the settings of [Sampling].
final class Setting {
  /// Beyond any use, and low enough that no penalty turns a logit into infinity.
  static final float PENALTY_MAX = 1000;

  private Setting() {}

  /// @throws IllegalArgumentException if the rule does not hold, saying rule and value
  static void check(boolean holds, String name, String rule, Number value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + rule + ", got " + value);
    }
  }

  /// How many of the last tokens a step looks at.
  static int last(int count, int tokenCount) {
    return count < 0 ? tokenCount : Math.min(count, tokenCount);
  }
}
