package dev.educe.model;

/// Makes queries larger the further along they stand, so that attention stays sharp in long texts:
/// a query is multiplied by `1 + scale · ln(1 + ⌊position / length⌋)`, after it was rotated.
///
/// Source: Meta 2025, Llama 4's `attn_temperature_tuning`; Mistral 3 with `length` = the context
/// the model was first trained with.
///
/// @param length positions after which the factor grows for the first time
public record AttentionTemperature(double scale, int length) {
  /// @throws IllegalArgumentException if `length` is not positive
  public AttentionTemperature {
    if (length < 1) {
      throw new IllegalArgumentException("length must be positive, got " + length);
    }
  }

  /// The factor of the query at a position.
  public float at(int position) {
    return (float) (1 + scale * StrictMath.log(1.0 + position / length));
  }
}
