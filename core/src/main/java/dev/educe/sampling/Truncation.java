package dev.educe.sampling;

/// Which tokens are dropped before one is drawn; each setting is a step of its own.
///
/// Sources: top-k: Fan, Lewis and Dauphin 2018, "Hierarchical Neural Story Generation", section
/// 5.2; top-p: Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration", section 3.1;
/// min-p: Nguyen et al. 2024, "Turning Up the Heat"; typical: Meister et al. 2022, "Locally Typical
/// Sampling", section 4; top-n-sigma: Tang et al. 2024, "Top-nσ: Not All Logits Are You Need".
///
/// @param topK keep this many of the likeliest tokens; 0 keeps all
/// @param topP keep the likeliest tokens whose probabilities reach this sum; 1 keeps all
/// @param minP keep tokens at least this likely relative to the likeliest; 0 keeps all
/// @param typicalP keep the most typical tokens whose probabilities reach this sum; 1 keeps all
/// @param topNSigma keep tokens whose score is within this many standard deviations of the highest;
///   0 keeps all
public record Truncation(int topK, float topP, float minP, float typicalP, float topNSigma) {
  /// Drops nothing.
  public static final Truncation NONE = new Truncation(0, 1, 0, 1, 0);

  /// @throws IllegalArgumentException if a setting is out of range
  public Truncation {
    Setting.check(topK >= 0, "topK", "0 (all) or more", topK);
    Setting.check(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
    Setting.check(minP >= 0 && minP <= 1, "minP", "0 to 1", minP);
    Setting.check(typicalP > 0 && typicalP <= 1, "typicalP", "above 0 and at most 1", typicalP);
    Setting.check(
        topNSigma >= 0 && Float.isFinite(topNSigma), "topNSigma", "0 (all) or more", topNSigma);
  }

  public Truncation withTopK(int topK) {
    return new Truncation(topK, topP, minP, typicalP, topNSigma);
  }

  public Truncation withTopP(float topP) {
    return new Truncation(topK, topP, minP, typicalP, topNSigma);
  }

  public Truncation withMinP(float minP) {
    return new Truncation(topK, topP, minP, typicalP, topNSigma);
  }

  public Truncation withTypicalP(float typicalP) {
    return new Truncation(topK, topP, minP, typicalP, topNSigma);
  }

  public Truncation withTopNSigma(float topNSigma) {
    return new Truncation(topK, topP, minP, typicalP, topNSigma);
  }
}
