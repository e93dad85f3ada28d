package dev.educe.sampling;

/// "Exclude top choices": now and then drops all but the least likely of the likely tokens.
///
/// With a chance of `probability`, drawn anew for each position, all tokens of at least `threshold`
/// are dropped but the least likely of them. Nothing happens if fewer than two are that likely, so
/// a threshold above 0.5 switches it off. Not in effect at temperature 0.
///
/// Source: p-e-w 2024, "Exclude Top Choices (XTC)" (oobabooga/text-generation-webui pull request
/// 6335), as llama.cpp has it.
///
/// @param probability how often, from 0 (never) to 1 (at each token)
/// @param threshold the probability from which on a token is a top choice, 0 to 1
public record Xtc(float probability, float threshold) {
  /// Never.
  public static final Xtc NONE = new Xtc(0, 0.1f);

  private static final float THRESHOLD_MAX = 0.5f;

  /// @throws IllegalArgumentException if a setting is out of range
  public Xtc {
    Setting.check(
        probability >= 0 && probability <= 1, "xtcProbability", "0 (never) to 1", probability);
    Setting.check(threshold >= 0 && threshold <= 1, "xtcThreshold", "0 to 1", threshold);
  }

  public Xtc withProbability(float probability) {
    return new Xtc(probability, threshold);
  }

  public Xtc withThreshold(float threshold) {
    return new Xtc(probability, threshold);
  }

  /// Whether a top choice may be dropped.
  public boolean isOn() {
    return probability > 0 && threshold <= THRESHOLD_MAX;
  }

  /// @param random 32 random bits
  void apply(Candidates candidates, int random) {
    // 24 bits are a float exactly.
    if ((random >>> 8) * 0x1p-24f < probability) {
      candidates.dropTopChoices(threshold);
    }
  }
}
