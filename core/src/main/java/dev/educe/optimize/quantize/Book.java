package dev.educe.optimize.quantize;

import java.util.Arrays;
import java.util.stream.IntStream;

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
  private final int[] bounds; // half steps beyond which the next value is nearer
  private final int[] rises; // from a value to the next
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
    }
    int[] jumps =
        IntStream.range(1, HALF_STEPS)
            .filter(i -> values[nearest[i]] != values[nearest[i - 1]])
            .toArray();
    bounds = Arrays.stream(jumps).map(i -> i - 1).toArray();
    rises = Arrays.stream(jumps).map(i -> values[nearest[i]] - values[nearest[i - 1]]).toArray();
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
    var halfSteps = new int[Blocks.LANES];
    var nearest = new int[Blocks.LANES];
    var codes = new float[Blocks.LANES];
    var rests = new float[Blocks.LANES];
    Blocks.invert(scales, inverses);
    misfit.clear();
    for (int i = 0; i < blocks.size(); i++) {
      halve(blocks.x[i], inverses, halfSteps);
      Arrays.fill(nearest, (int) least);
      for (int bound = 0; bound < bounds.length; bound++) {
        climb(halfSteps, bounds[bound], rises[bound], nearest);
      }
      subtract(blocks.x[i], scales, nearest, codes, rests);
      misfit.add(blocks.weights[i], codes, rests);
    }
  }

  private static void halve(float[] x, float[] inverses, int[] halfSteps) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      halfSteps[lane] = halfSteps(x[lane] * inverses[lane]);
    }
  }

  /// A table is looked up in one by one; comparisons with all its bounds are vectors.
  private static void climb(int[] halfSteps, int bound, int rise, int[] nearest) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      nearest[lane] += bound - halfSteps[lane] >> 31 & rise;
    }
  }

  private static void subtract(
      float[] x, float[] scales, int[] nearest, float[] codes, float[] rests) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float code = nearest[lane];
      codes[lane] = code;
      rests[lane] = x[lane] - scales[lane] * code;
    }
  }

  private static int halfSteps(float x) {
    return Math.min(Math.max((int) (x * 2 + HALF_STEPS / 2), 0), HALF_STEPS - 1);
  }
}
