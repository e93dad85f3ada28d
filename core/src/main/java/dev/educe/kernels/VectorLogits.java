package dev.educe.kernels;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What is done to logits on the Vector API: whole vectors here, what is left over by plain loops.
final class VectorLogits implements LogitKernels {
  private final ScalarLogits rest = new ScalarLogits();

  @Override
  public void maxima(float[] x, int n, float[] maxima) {
    int groups = LogitKernels.groups(n);
    Arrays.fill(maxima, 0, groups, Float.NEGATIVE_INFINITY);
    int whole = n & -LANES;
    for (int block = 0; block * BLOCK < whole; block++) {
      int end = Math.min(whole, (block + 1) * BLOCK);
      for (int lane = 0; lane < LANES; lane += Lanes.COUNT) {
        maximaOfLanes(x, block * BLOCK + lane, end, maxima, block * LANES + lane);
      }
    }
    ScalarLogits.maximaFrom(x, whole, n, maxima);
  }

  @Override
  public int exclude(float[] x, int offset, float[] numbers, int from, int to, float least) {
    int left = 0;
    int i = from;
    for (; i <= to - Lanes.COUNT; i += Lanes.COUNT) {
      var stays =
          FloatVector.fromArray(Lanes.FLOATS, numbers, i).compare(VectorOperators.GE, least);
      FloatVector.fromArray(Lanes.FLOATS, x, offset + i)
          .blend(Float.NEGATIVE_INFINITY, stays.not())
          .intoArray(x, offset + i);
      left += stays.trueCount();
    }
    return left + rest.exclude(x, offset, numbers, i, to, least);
  }

  private static void maximaOfLanes(float[] x, int from, int end, float[] maxima, int at) {
    var max = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = from; i < end; i += LANES) {
      max = max.max(FloatVector.fromArray(Lanes.FLOATS, x, i));
    }
    max.intoArray(maxima, at);
  }

  @Override
  public void exponentials(float[] x, int from, int count, float shift, float divisor, float[] y) {
    int end = Lanes.FLOATS.loopBound(count);
    if (divisor == 1) {
      for (int i = 0; i < end; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, x, from + i).sub(shift).intoArray(y, i);
      }
    } else {
      for (int i = 0; i < end; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, x, from + i).sub(shift).div(divisor).intoArray(y, i);
      }
    }
    for (int i = end; i < count; i++) {
      y[i] = (x[from + i] - shift) / divisor;
    }
    VectorExponential.exp(y, count);
  }
}
