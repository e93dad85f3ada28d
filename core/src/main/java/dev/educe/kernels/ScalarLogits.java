package dev.educe.kernels;

import java.util.Arrays;

/// The definition of what is done to logits, as plain loops.
final class ScalarLogits implements LogitKernels {
  @Override
  public void maxima(float[] x, int n, float[] maxima) {
    Arrays.fill(maxima, 0, LogitKernels.groups(n), Float.NEGATIVE_INFINITY);
    maximaFrom(x, 0, n, maxima);
  }

  /// Goes on where the elements from `from` on have not been looked at.
  static void maximaFrom(float[] x, int from, int n, float[] maxima) {
    for (int i = from; i < n; i++) {
      int group = i / BLOCK * LANES + i % LANES;
      maxima[group] = Math.max(maxima[group], x[i]);
    }
  }

  @Override
  public void exponentials(float[] x, int from, int count, float shift, float divisor, float[] y) {
    for (int i = 0; i < count; i++) {
      y[i] = Exponential.exp((x[from + i] - shift) / divisor);
    }
  }

  @Override
  public int exclude(float[] x, int offset, float[] numbers, int from, int to, float least) {
    int left = 0;
    for (int i = from; i < to; i++) {
      if (numbers[i] >= least) {
        left++;
      } else {
        x[offset + i] = Float.NEGATIVE_INFINITY;
      }
    }
    return left;
  }
}
