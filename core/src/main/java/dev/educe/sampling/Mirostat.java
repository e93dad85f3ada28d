package dev.educe.sampling;

import dev.educe.kernels.Exponential;

/// Keeps the surprise of the text near a target, by truncating more after surprising tokens.
///
/// The surprise of a token is `−log₂` of its probability. A bound `mu`, at first `2 · tau`, says
/// how much is let through; after each draw `mu −= eta · (surprise − tau)`, where the surprise is
/// that among the tokens that were left. Version 2 drops tokens whose surprise exceeds `mu`.
/// Version 1 estimates the exponent `s` of a Zipf distribution from the 100 likeliest tokens and
/// keeps the `k` likeliest, `k = ((s − 1) · 2^mu / (1 − n^(1 − s)))^(1 / s)` for a vocabulary of
/// `n`. At least one token is kept.
///
/// It takes the place of all truncation; penalties, DRY and temperature come before it, and it has
/// no effect at temperature 0.
///
/// Source: Basu, Ramachandran, Keskar and Varshney 2021, "Mirostat", algorithms 1 and 2, as
/// llama.cpp has them; its penalties are not in effect with mirostat, these are.
///
/// @param version 1 or 2; 0 is off
/// @param tau the target, in bits
/// @param eta how fast the bound follows
public record Mirostat(int version, float tau, float eta) {
  /// Off, with the settings that are common once a version is set.
  public static final Mirostat NONE = new Mirostat(0, 5, 0.1f);

  static final float LN_2 = 0.6931472f;

  /// Ranks that version 1 estimates from.
  static final int ESTIMATED = 100;

  // Nearer to 1 than this, the exponent's formula loses its digits and its limit is taken.
  private static final double EXPONENT_NEAR = 1e-4;

  /// @throws IllegalArgumentException if a setting is out of range
  public Mirostat {
    Setting.check(version >= 0 && version <= 2, "mirostat", "0 (off), 1 or 2", version);
    Setting.check(tau >= 0 && tau <= Setting.PENALTY_MAX, "mirostatTau", "0 to 1000", tau);
    Setting.check(eta >= 0 && eta <= Setting.PENALTY_MAX, "mirostatEta", "0 to 1000", eta);
  }

  public Mirostat withVersion(int version) {
    return new Mirostat(version, tau, eta);
  }

  public Mirostat withTau(float tau) {
    return new Mirostat(version, tau, eta);
  }

  public Mirostat withEta(float eta) {
    return new Mirostat(version, tau, eta);
  }

  /// Whether truncation is by surprise.
  public boolean isOn() {
    return version > 0;
  }

  /// The bound before the first token.
  float firstBound() {
    return 2 * tau;
  }

  /// The bound after a token was drawn.
  float nextBound(float bound, float surprise) {
    return bound - eta * (surprise - tau);
  }

  /// Drops what is too surprising.
  ///
  /// @param scratch `[ESTIMATED]`, overwritten
  void apply(Candidates candidates, float bound, float[] scratch) {
    if (version == 2) {
      candidates.keepSurprise(bound);
    } else {
      candidates.keepBest(count(candidates, bound, scratch));
    }
  }

  /// How many tokens version 1 keeps.
  private static int count(Candidates candidates, float bound, float[] exponents) {
    double products = 0;
    double squares = 0;
    int ranks = candidates.bestExponents(exponents) - 1;
    for (int i = 0; i < ranks; i++) {
      double distance = Exponential.log((i + 2f) / (i + 1f));
      products += distance * (exponents[i] - exponents[i + 1]);
      squares += distance * distance;
    }
    if (squares == 0) {
      return 1; // nothing else is possible
    }
    float exponent = (float) (products / squares);
    float excess = exponent - 1;
    float logVocabulary = Exponential.log(candidates.vocabularySize());
    float scale =
        Math.abs(excess) < EXPONENT_NEAR
            ? 1 / logVocabulary
            : excess / (1 - Exponential.exp(-excess * logVocabulary));
    float logCount = Exponential.log(scale * Exponential.exp(bound * LN_2)) / exponent;
    return Math.max(1, (int) Exponential.exp(logCount));
  }
}
