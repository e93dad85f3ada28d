package dev.educe.sampling;

import dev.educe.kernels.Exponential;

/// A temperature that follows how sure the model is.
///
/// With `H` the entropy of the candidates' probabilities and `n` their number, the temperature is
/// `low + (high − low) · (H / log n)^exponent`, where `low = max(0, temperature − range)` and `high
/// = temperature + range`.
///
/// Source: llama.cpp `temp-ext`, after kalomaze's Entropy Sampling (ggml-org/llama.cpp pull request
/// 4972).
///
/// @param range how far the temperature may go in either direction; 0 keeps it fixed
/// @param exponent bends the way between the two ends; 1 is straight
public record DynamicTemperature(float range, float exponent) {
  /// A fixed temperature.
  public static final DynamicTemperature NONE = new DynamicTemperature(0, 1);

  /// @throws IllegalArgumentException if a setting is out of range
  public DynamicTemperature {
    Setting.check(
        range >= 0 && Float.isFinite(range), "dynamicTemperatureRange", "0 or more", range);
    Setting.check(
        exponent > 0 && Float.isFinite(exponent),
        "dynamicTemperatureExponent",
        "above 0",
        exponent);
  }

  boolean isOn() {
    return range > 0;
  }

  /// Sets the candidates' temperature around its middle.
  void apply(Candidates candidates, float middle) {
    float low = Math.max(0, middle - range);
    float high = middle + range;
    int count = candidates.size();
    float share = count < 2 ? 0 : candidates.entropy() / Exponential.log(count);
    // An entropy of nothing has no logarithm; rounding may take it past its greatest.
    float power = share > 0 ? Exponential.exp(exponent * Exponential.log(Math.min(1, share))) : 0;
    candidates.temperature(low + (high - low) * power);
  }
}
