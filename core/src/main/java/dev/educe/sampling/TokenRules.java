package dev.educe.sampling;

import java.util.Map;
import java.util.Set;

/// What is said about single tokens.
///
/// @param bias added to a token's logit before anything else; −infinity bans it
/// @param minTokens so many tokens are generated before one that ends the sequence may come
/// @param stopIds tokens that end the sequence besides those of the vocabulary
public record TokenRules(Map<Integer, Float> bias, int minTokens, Set<Integer> stopIds) {
  /// Says nothing.
  public static final TokenRules NONE = new TokenRules(Map.of(), 0, Set.of());

  /// @throws IllegalArgumentException if a setting is out of range
  public TokenRules {
    bias = Map.copyOf(bias);
    stopIds = Set.copyOf(stopIds);
    bias.forEach((id, value) -> {
      Setting.check(id >= 0, "a token id of logitBias", "0 or more", id);
      Setting.check(
          Math.abs(value) <= Setting.PENALTY_MAX || value == Float.NEGATIVE_INFINITY,
          "logitBias of token " + id,
          "-1000 to 1000 or -infinity",
          value);
    });
    Setting.check(minTokens >= 0, "minTokens", "0 or more", minTokens);
    stopIds.forEach(id -> Setting.check(id >= 0, "a stop id", "0 or more", id));
  }

  public TokenRules withBias(Map<Integer, Float> bias) {
    return new TokenRules(bias, minTokens, stopIds);
  }

  public TokenRules withMinTokens(int minTokens) {
    return new TokenRules(bias, minTokens, stopIds);
  }

  public TokenRules withStopIds(Set<Integer> stopIds) {
    return new TokenRules(bias, minTokens, stopIds);
  }
}
