package dev.educe.sampling;

import java.util.List;

/// "Don't repeat yourself": lowers the scores of tokens that would prolong a repetition.
///
/// If the sequence ends in `n` tokens that stand in it before, followed there by token `t`, then
/// `multiplier · base^(n − allowedLength)` is subtracted from the score of `t`, for the greatest
/// such `n` and only if it is at least `allowedLength`. A repetition does not reach past a breaker,
/// and no token that is a breaker by itself is lowered.
///
/// All of it is a function of the sequence's tokens.
///
/// Source: p-e-w 2024, "DRY: A modern repetition penalty" (oobabooga/text-generation-webui pull
/// request 5677), as llama.cpp has it.
///
/// @param multiplier how strong; 0 switches it off
/// @param base what each further repeated token multiplies by, 1 or more
/// @param allowedLength repetitions of fewer tokens cost nothing
/// @param tokens how many of the last tokens are searched; 0 switches it off, -1 searches all
/// @param breakers texts that a repetition does not reach past; each has at most
///   [#BREAKER_LENGTH_MAX] characters
public record Dry(
    float multiplier, float base, int allowedLength, int tokens, List<String> breakers) {
  /// As llama.cpp; a longer breaker would cost more with each token.
  public static final int BREAKER_LENGTH_MAX = 40;

  /// How many breakers there may be: each is looked for in the whole vocabulary.
  public static final int BREAKERS_MAX = 64;

  /// Off, with the settings that are common once a multiplier is set.
  public static final Dry NONE = new Dry(0, 1.75f, 2, -1, List.of("\n", ":", "\"", "*"));

  /// @throws IllegalArgumentException if a setting is out of range
  public Dry {
    Setting.check(
        multiplier >= 0 && multiplier <= Setting.PENALTY_MAX,
        "dryMultiplier",
        "0 (none) to 1000",
        multiplier);
    Setting.check(base >= 1 && base <= Setting.PENALTY_MAX, "dryBase", "1 to 1000", base);
    Setting.check(allowedLength >= 0, "dryAllowedLength", "0 or more", allowedLength);
    Setting.check(tokens >= -1, "dryTokens", "-1 (all), 0 (none) or more", tokens);
    breakers = List.copyOf(breakers);
    Setting.check(
        breakers.size() <= BREAKERS_MAX,
        "the number of dryBreakers",
        "at most " + BREAKERS_MAX,
        breakers.size());
    for (String breaker : breakers) {
      Setting.check(
          !breaker.isEmpty() && breaker.length() <= BREAKER_LENGTH_MAX,
          "the length of a dryBreaker",
          "1 to " + BREAKER_LENGTH_MAX,
          breaker.length());
    }
  }

  /// The common settings with a strength; 0.8 is usual.
  public static Dry of(float multiplier) {
    return NONE.withMultiplier(multiplier);
  }

  public Dry withMultiplier(float multiplier) {
    return new Dry(multiplier, base, allowedLength, tokens, breakers);
  }

  public Dry withBase(float base) {
    return new Dry(multiplier, base, allowedLength, tokens, breakers);
  }

  public Dry withAllowedLength(int allowedLength) {
    return new Dry(multiplier, base, allowedLength, tokens, breakers);
  }

  public Dry withTokens(int tokens) {
    return new Dry(multiplier, base, allowedLength, tokens, breakers);
  }

  public Dry withBreakers(List<String> breakers) {
    return new Dry(multiplier, base, allowedLength, tokens, breakers);
  }

  /// Whether repetitions change a score.
  public boolean isOn() {
    return multiplier > 0 && tokens != 0;
  }
}
