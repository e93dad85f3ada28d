package dev.educe.kernels;

import java.util.Arrays;

/// Sums over a row, as the contract defines them: element `i` goes to virtual lane `i mod 16`,
/// ascending; then the lanes are added by the tree +8, +4, +2, +1.
final class RowSums {
  /// Virtual lanes.
  static final int LANES = 16;

  private static final ThreadLocal<float[]> SCRATCH =
      ThreadLocal.withInitial(() -> new float[LANES]);

  private RowSums() {}

  /// This thread's lanes, set to zero; they are its own until the next call.
  static float[] lanes() {
    float[] lanes = SCRATCH.get();
    Arrays.fill(lanes, 0f);
    return lanes;
  }

  /// The sum of the lanes, which are left as they are.
  static float tree(float[] x) {
    float a = (x[0] + x[8]) + (x[4] + x[12]);
    float b = (x[1] + x[9]) + (x[5] + x[13]);
    float c = (x[2] + x[10]) + (x[6] + x[14]);
    float d = (x[3] + x[11]) + (x[7] + x[15]);
    return (a + c) + (b + d);
  }

  /// The largest lane, as [Math#max(float, float)] orders floats: NaN if any is.
  static float max(float[] x) {
    float max = x[0];
    for (int i = 1; i < LANES; i++) {
      max = Math.max(max, x[i]);
    }
    return max;
  }
}
