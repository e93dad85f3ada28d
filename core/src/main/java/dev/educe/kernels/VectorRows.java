package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What is done to rows on the Vector API: whole vectors here, what is left over by [ScalarRows].
final class VectorRows implements RowKernels {
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final RowKernels scalar = new ScalarRows();

  @Override
  public void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment weight,
      float epsilon,
      MemorySegment y,
      long yOffset,
      int n) {
    float[] lanes = RowSums.lanes();
    int whole = n & -RowSums.LANES;
    sumSquares(x, xOffset, whole, lanes);
    for (int i = whole; i < n; i++) {
      float value = at(x, xOffset + i);
      lanes[i - whole] = Math.fma(value, value, lanes[i - whole]);
    }
    float factor = 1f / (float) Math.sqrt(RowSums.tree(lanes) / n + epsilon);
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(load(x, xOffset + i).mul(factor).mul(load(weight, i)), y, yOffset + i);
    }
    for (int i = end; i < n; i++) {
      set(y, yOffset + i, at(x, xOffset + i) * factor * at(weight, i));
    }
  }

  @Override
  public void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cosines,
      MemorySegment sines,
      long tableOffset,
      int half) {
    int end = Lanes.FLOATS.loopBound(half);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      var x0 = load(x, xOffset + i);
      var x1 = load(x, xOffset + half + i);
      var c = load(cosines, tableOffset + i);
      var s = load(sines, tableOffset + i);
      store(x0.fma(c, x1.mul(s).neg()), x, xOffset + i);
      store(x0.fma(s, x1.mul(c)), x, xOffset + half + i);
    }
    for (int i = end; i < half; i++) {
      float x0 = at(x, xOffset + i);
      float x1 = at(x, xOffset + half + i);
      float c = at(cosines, tableOffset + i);
      float s = at(sines, tableOffset + i);
      set(x, xOffset + i, Math.fma(x0, c, -(x1 * s)));
      set(x, xOffset + half + i, Math.fma(x0, s, x1 * c));
    }
  }

  @Override
  public void siluGate(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      var g = load(gate, gateOffset + i);
      var silu = g.div(VectorExponential.exp(g.neg()).add(1f));
      store(silu.mul(load(up, upOffset + i)), y, yOffset + i);
    }
    scalar.siluGate(gate, gateOffset + end, up, upOffset + end, y, yOffset + end, n - end);
  }

  @Override
  public void add(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(load(y, yOffset + i).add(load(x, xOffset + i)), y, yOffset + i);
    }
    scalar.add(x, xOffset + end, y, yOffset + end, n - end);
  }

  @Override
  public void addScaled(
      float factor, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    var factors = FloatVector.broadcast(Lanes.FLOATS, factor);
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(factors.fma(load(x, xOffset + i), load(y, yOffset + i)), y, yOffset + i);
    }
    scalar.addScaled(factor, x, xOffset + end, y, yOffset + end, n - end);
  }

  @Override
  public void scale(float factor, MemorySegment x, long xOffset, int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(load(x, xOffset + i).mul(factor), x, xOffset + i);
    }
    scalar.scale(factor, x, xOffset + end, n - end);
  }

  @Override
  public void softmax(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    float max = max(x, xOffset, n);
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(VectorExponential.exp(load(x, xOffset + i).sub(max)), y, yOffset + i);
    }
    for (int i = end; i < n; i++) {
      set(y, yOffset + i, Exponential.exp(at(x, xOffset + i) - max));
    }
    float[] lanes = RowSums.lanes();
    int whole = n & -RowSums.LANES;
    sum(y, yOffset, whole, lanes);
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += at(y, yOffset + i);
    }
    float sum = RowSums.tree(lanes);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      store(load(y, yOffset + i).div(sum), y, yOffset + i);
    }
    for (int i = end; i < n; i++) {
      set(y, yOffset + i, at(y, yOffset + i) / sum);
    }
  }

  @Override
  public int argmax(MemorySegment x, long xOffset, int n) {
    float max = max(x, xOffset, n);
    int end = Lanes.FLOATS.loopBound(n);
    // NaN equals nothing, so a row with one is searched in vain.
    for (int i = 0; i < end; i += Lanes.COUNT) {
      var found = load(x, xOffset + i).compare(VectorOperators.EQ, max);
      if (found.anyTrue()) {
        return i + found.firstTrue();
      }
    }
    for (int i = end; i < n; i++) {
      if (at(x, xOffset + i) == max) {
        return i;
      }
    }
    return -1;
  }

  /// The largest of a row, as [Math#max(float, float)] orders floats: NaN if any is.
  private static float max(MemorySegment x, long offset, int n) {
    var lanes = RowSums.lanes();
    int end = Lanes.FLOATS.loopBound(n);
    var max = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      max = max.max(load(x, offset + i));
    }
    for (int lane = 0; lane < RowSums.LANES; lane += Lanes.COUNT) {
      max.intoArray(lanes, lane);
    }
    float largest = RowSums.max(lanes);
    for (int i = end; i < n; i++) {
      largest = Math.max(largest, at(x, offset + i));
    }
    return largest;
  }

  /// Adds the squares of whole groups of 16 to the virtual lanes, a vector's worth of lanes at a
  /// time.
  private static void sumSquares(MemorySegment x, long offset, int n, float[] lanes) {
    for (int lane = 0; lane < RowSums.LANES; lane += Lanes.COUNT) {
      var sum = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < n; i += RowSums.LANES) {
        var value = load(x, offset + i);
        sum = value.fma(value, sum);
      }
      sum.intoArray(lanes, lane);
    }
  }

  private static void sum(MemorySegment x, long offset, int n, float[] lanes) {
    for (int lane = 0; lane < RowSums.LANES; lane += Lanes.COUNT) {
      var sum = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < n; i += RowSums.LANES) {
        sum = sum.add(load(x, offset + i));
      }
      sum.intoArray(lanes, lane);
    }
  }

  private static FloatVector load(MemorySegment floats, long index) {
    return FloatVector.fromMemorySegment(Lanes.FLOATS, floats, index * Float.BYTES, ORDER);
  }

  private static void store(FloatVector vector, MemorySegment floats, long index) {
    vector.intoMemorySegment(floats, index * Float.BYTES, ORDER);
  }

  private static float at(MemorySegment floats, long index) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static void set(MemorySegment floats, long index, float value) {
    floats.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }
}
