package dev.educe.kernels;

/// How 16 virtual lanes become one value: the tree +8, +4, +2, +1.
final class RowSums {
  /// Virtual lanes of a sum over a row: element `i` goes to lane `i mod LANES`.
  static final int LANES = 16;

  private RowSums() {}

  /// The sum of 16 lanes by the tree; the lanes are left as they are.
  static float tree(float[] x) {
    float a = (x[0] + x[8]) + (x[4] + x[12]);
    float b = (x[1] + x[9]) + (x[5] + x[13]);
    float c = (x[2] + x[10]) + (x[6] + x[14]);
    float d = (x[3] + x[11]) + (x[7] + x[15]);
    return (a + c) + (b + d);
  }

  /// The largest of 16 lanes, as [Math#max(float, float)] orders floats: NaN if any is.
  static float max(float[] x) {
    float max = x[0];
    for (int i = 1; i < LANES; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }
}
