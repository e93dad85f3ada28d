package dev.educe.optimize.quantize;

/// Codes that are consecutive integers, stored as their distance from the lowest.
record Steps(int low, int high) implements Codes {
  /// Added to a float, it leaves no place for fractions: the nearest integer, ties to even.
  static final float ROUNDING = 0x1.8p23f;

  static final int ROUNDING_INT = (int) ROUNDING;

  @Override
  public float least() {
    return low;
  }

  @Override
  public float greatest() {
    return high;
  }

  @Override
  public int code(float x) {
    return nearest(x, low, high) - low;
  }

  @Override
  public float value(int code) {
    return code + low;
  }

  /// The nearest integer of a range.
  static int nearest(float x, int low, int high) {
    // Bounds before the difference, which could overflow. Integers, for floats have two zeros and
    // NaN, which make their minimum expensive.
    int shifted = (int) (x + ROUNDING);
    return Math.min(Math.max(shifted, low + ROUNDING_INT), high + ROUNDING_INT) - ROUNDING_INT;
  }

  @Override
  public void measure(Blocks blocks, float[] scales, Misfit misfit) {
    var inverses = new float[Blocks.LANES];
    Blocks.invert(scales, inverses);
    misfit.clear();
    for (int i = 0; i < blocks.size(); i++) {
      add(blocks.x[i], blocks.weights[i], scales, inverses, low, high, misfit);
    }
  }

  private static void add(
      float[] x,
      float[] weights,
      float[] scales,
      float[] inverses,
      int low,
      int high,
      Misfit misfit) {
    float[] error = misfit.error;
    float[] slope = misfit.slope;
    float[] curvature = misfit.curvature;
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float q = nearest(x[lane] * inverses[lane], low, high);
      float rest = x[lane] - scales[lane] * q;
      float weighted = weights[lane] * rest;
      error[lane] += weighted * rest;
      slope[lane] += weighted * q;
      curvature[lane] += weights[lane] * q * q;
    }
  }
}
