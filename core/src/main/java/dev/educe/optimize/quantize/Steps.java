package dev.educe.optimize.quantize;

/// Codes that are consecutive integers, stored as their distance from the lowest.
record Steps(int low, int high) implements Codes {
  /// Adding and subtracting it rounds to the nearest integer, ties to even.
  static final float ROUNDING = 0x1.8p23f;

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
    return (int) Math.clamp((x + ROUNDING) - ROUNDING, low, high) - low;
  }

  @Override
  public float value(int code) {
    return code + low;
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
      float low,
      float high,
      Misfit misfit) {
    float[] error = misfit.error;
    float[] slope = misfit.slope;
    float[] curvature = misfit.curvature;
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float rounded = (x[lane] * inverses[lane] + ROUNDING) - ROUNDING;
      float q = Math.min(Math.max(rounded, low), high);
      float rest = x[lane] - scales[lane] * q;
      float weighted = weights[lane] * rest;
      error[lane] += weighted * rest;
      slope[lane] += weighted * q;
      curvature[lane] += weights[lane] * q * q;
    }
  }
}
