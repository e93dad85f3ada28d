package dev.educe.kernels;

import java.util.Arrays;

/// The definition of what is done to logits, as plain loops.
final class ScalarLogits implements LogitKernels {
  /// Of one, in which weights are counted.
  static final float PARTS = 0x1p40f;

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
  public void exponentials(float[] x, int from, int to, float shift, float divisor, float[] y) {
    for (int i = from; i < to; i++) {
      y[i] = Exponential.exp((x[i] - shift) / divisor);
    }
  }

  @Override
  public long weigh(float[] powers, int from, int to, long[] parts) {
    return weigh(powers, from, from, to, parts);
  }

  /// Goes on at `start` with what began at `from`.
  static long weigh(float[] powers, int from, int start, int to, long[] parts) {
    long sum = 0;
    for (int i = start; i < to; i++) {
      parts[i - from] = weight(powers[i]);
      sum += parts[i - from];
    }
    return sum;
  }

  private static long weight(float power) {
    return (long) (power * PARTS);
  }

  @Override
  public long sumExponents(
      float[] x, float[] powers, int from, int to, float shift, float divisor) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      // NaN, of an excluded element, becomes zero.
      sum += (long) ((double) weight(powers[i]) * ((x[i] - shift) / divisor));
    }
    return sum;
  }

  @Override
  public void distances(
      float[] x, int from, int to, float shift, float divisor, float mean, float[] y) {
    for (int i = from; i < to; i++) {
      y[i] = -Math.abs((x[i] - shift) / divisor - mean);
    }
  }

  @Override
  public void intervals(
      float[] numbers, int from, int to, float greatest, float scale, int last, int[] intervals) {
    intervals(numbers, from, from, to, greatest, scale, last, intervals);
  }

  /// Goes on at `start` with what began at `from`.
  static void intervals(
      float[] numbers,
      int from,
      int start,
      int to,
      float greatest,
      float scale,
      int last,
      int[] intervals) {
    for (int i = start; i < to; i++) {
      int interval = LogitKernels.interval(numbers[i], greatest, scale, last);
      intervals[i - from] = interval < last ? interval : last + (i - from) % LAST_ONES;
    }
  }

  @Override
  public int exclude(float[] x, float[] numbers, int from, int to, float least) {
    int left = 0;
    for (int i = from; i < to; i++) {
      if (numbers[i] >= least) {
        left++;
      } else {
        x[i] = Float.NEGATIVE_INFINITY;
      }
    }
    return left;
  }

  @Override
  public int find(float[] x, int from, int to, float least, float below, int[] found) {
    return findMore(x, from, to, least, below, found, 0);
  }

  /// Goes on behind those found before.
  static int findMore(
      float[] x, int from, int to, float least, float below, int[] found, int before) {
    int count = before;
    for (int i = from; i < to; i++) {
      if (x[i] >= least && x[i] < below) {
        found[count++] = i;
      }
    }
    return count;
  }
}
