package dev.educe.optimize.train;

/// Sums in a fixed order: four chains, which a processor runs side by side, then a tree.
final class Sums {
  private Sums() {}

  /// The inner product of two ranges.
  static float product(float[] x, int xFrom, float[] y, int yFrom, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      a = Math.fma(x[xFrom + i], y[yFrom + i], a);
      b = Math.fma(x[xFrom + i + 1], y[yFrom + i + 1], b);
      c = Math.fma(x[xFrom + i + 2], y[yFrom + i + 2], c);
      d = Math.fma(x[xFrom + i + 3], y[yFrom + i + 3], d);
    }
    for (; i < count; i++) {
      a = Math.fma(x[xFrom + i], y[yFrom + i], a);
    }
    return (a + b) + (c + d);
  }

  /// The sum of a range.
  static float of(float[] x, int from, int count) {
    float a = 0;
    float b = 0;
    float c = 0;
    float d = 0;
    int i = 0;
    for (; i + 3 < count; i += 4) {
      a += x[from + i];
      b += x[from + i + 1];
      c += x[from + i + 2];
      d += x[from + i + 3];
    }
    for (; i < count; i++) {
      a += x[from + i];
    }
    return (a + b) + (c + d);
  }
}
