package dev.educe.optimize.quantize;

/// Codes that stand for the values of a table.
final class Book implements Codes {
  /// Values that lie closer together near zero: IQ4_NL's and IQ4_XS's.
  ///
  /// Source: ggml `ggml-common.h`, `kvalues_iq4nl`.
  static final Book IQ4 =
      new Book(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

  /// Twice the values of the 4-bit float: MXFP4's.
  static final Book FP4 = new Book(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);

  // Midpoints between integers are multiples of a half: in half steps, which value is nearest
  // depends on the whole part alone.
  private static final int HALF_STEPS = 512;

  private final float[] values;
  private final byte[] nearest = new byte[HALF_STEPS]; // by 2x + 256, cut off
  private final float[] nearestValues = new float[HALF_STEPS];
  private final float least;
  private final float greatest;

  private Book(int... values) {
    this.values = new float[values.length];
    float low = 0;
    float high = 0;
    for (int code = 0; code < values.length; code++) {
      this.values[code] = values[code];
      low = Math.min(low, values[code]);
      high = Math.max(high, values[code]);
    }
    least = low;
    greatest = high;
    for (int i = 0; i < HALF_STEPS; i++) {
      float x = (i - HALF_STEPS / 2 + 0.5f) / 2;
      int best = 0;
      for (int code = 1; code < values.length; code++) {
        if (Math.abs(values[code] - x) < Math.abs(values[best] - x)) {
          best = code;
        }
      }
      nearest[i] = (byte) best;
      nearestValues[i] = values[best];
    }
  }

  @Override
  public float least() {
    return least;
  }

  @Override
  public float greatest() {
    return greatest;
  }

  @Override
  public int code(float x) {
    return nearest[halfSteps(x)];
  }

  @Override
  public float value(int code) {
    return values[code];
  }

  @Override
  public void measure(Blocks blocks, float[] scales, Misfit misfit) {
    var inverses = new float[Blocks.LANES];
    Blocks.invert(scales, inverses);
    misfit.clear();
    for (int i = 0; i < blocks.size(); i++) {
      add(blocks.x[i], blocks.weights[i], scales, inverses, misfit);
    }
  }

  private void add(float[] x, float[] weights, float[] scales, float[] inverses, Misfit misfit) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float q = nearestValues[halfSteps(x[lane] * inverses[lane])];
      float rest = x[lane] - scales[lane] * q;
      float weighted = weights[lane] * rest;
      misfit.error[lane] += weighted * rest;
      misfit.slope[lane] += weighted * q;
      misfit.curvature[lane] += weights[lane] * q * q;
    }
  }

  private static int halfSteps(float x) {
    return (int) Math.min(Math.max(x * 2 + HALF_STEPS / 2, 0), HALF_STEPS - 1);
  }
}
