package dev.educe.optimize.quantize;

/// Scales as files keep them, in 16 bits.
final class Halves {
  private Halves() {}

  /// The nearest half, as a float.
  static float round(float value) {
    return Float.float16ToFloat(Float.floatToFloat16(value));
  }
}
