package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// What is done to rows on the Vector API: whole vectors here, what is left over by [ScalarRows].
final class VectorRows implements RowKernels {
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  // Floats on their way through exp, a few vectors at a time.
  private static final ThreadLocal<float[]> CHUNK = ThreadLocal.withInitial(() -> new float[1_024]);

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
      FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER)
          .mul(factor)
          .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, weight, i * 4L, ORDER))
          .intoMemorySegment(y, (yOffset + i) * 4, ORDER);
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
      var x0 = FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER);
      var x1 = FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + half + i) * 4, ORDER);
      var c = FloatVector.fromMemorySegment(Lanes.FLOATS, cosines, (tableOffset + i) * 4, ORDER);
      var s = FloatVector.fromMemorySegment(Lanes.FLOATS, sines, (tableOffset + i) * 4, ORDER);
      x0.fma(c, x1.mul(s).neg()).intoMemorySegment(x, (xOffset + i) * 4, ORDER);
      x0.fma(s, x1.mul(c)).intoMemorySegment(x, (xOffset + half + i) * 4, ORDER);
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
    float[] e = CHUNK.get();
    for (int from = 0; from < n; from += e.length) {
      int count = Math.min(e.length, n - from);
      long gateAt = gateOffset + from;
      MemorySegment.copy(gate, ValueLayout.JAVA_FLOAT, gateAt * 4, e, 0, count);
      negate(e, count);
      VectorExponential.exp(e, count);
      divideAndGate(gate, gateAt, e, up, upOffset + from, y, yOffset + from, count);
    }
  }

  private static void negate(float[] x, int count) {
    for (int i = 0; i < count; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, x, i).neg().intoArray(x, i);
    }
  }

  private static void divideAndGate(
      MemorySegment gate,
      long gateOffset,
      float[] e,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      var divisor = FloatVector.fromArray(Lanes.FLOATS, e, i).add(1f);
      FloatVector.fromMemorySegment(Lanes.FLOATS, gate, (gateOffset + i) * 4, ORDER)
          .div(divisor)
          .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, up, (upOffset + i) * 4, ORDER))
          .intoMemorySegment(y, (yOffset + i) * 4, ORDER);
    }
    for (int i = end; i < n; i++) {
      set(y, yOffset + i, at(gate, gateOffset + i) / (1f + e[i]) * at(up, upOffset + i));
    }
  }

  @Override
  public void add(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(Lanes.FLOATS, y, (yOffset + i) * 4, ORDER)
          .add(FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER))
          .intoMemorySegment(y, (yOffset + i) * 4, ORDER);
    }
    scalar.add(x, xOffset + end, y, yOffset + end, n - end);
  }

  @Override
  public void addScaled(
      float factor, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    var factors = FloatVector.broadcast(Lanes.FLOATS, factor);
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      factors
          .fma(
              FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER),
              FloatVector.fromMemorySegment(Lanes.FLOATS, y, (yOffset + i) * 4, ORDER))
          .intoMemorySegment(y, (yOffset + i) * 4, ORDER);
    }
    scalar.addScaled(factor, x, xOffset + end, y, yOffset + end, n - end);
  }

  @Override
  public void scale(float factor, MemorySegment x, long xOffset, int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER)
          .mul(factor)
          .intoMemorySegment(x, (xOffset + i) * 4, ORDER);
    }
    scalar.scale(factor, x, xOffset + end, n - end);
  }

  @Override
  public void softmax(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    exponentials(x, xOffset, max(x, xOffset, n), y, yOffset, n);
    float[] lanes = RowSums.lanes();
    int whole = n & -RowSums.LANES;
    sum(y, yOffset, whole, lanes);
    for (int i = whole; i < n; i++) {
      lanes[i - whole] += at(y, yOffset + i);
    }
    divide(y, yOffset, RowSums.tree(lanes), n);
  }

  private static void exponentials(
      MemorySegment x, long xOffset, float max, MemorySegment y, long yOffset, int n) {
    float[] e = CHUNK.get();
    for (int from = 0; from < n; from += e.length) {
      int count = Math.min(e.length, n - from);
      MemorySegment.copy(x, ValueLayout.JAVA_FLOAT, (xOffset + from) * 4, e, 0, count);
      for (int i = 0; i < count; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, e, i).sub(max).intoArray(e, i);
      }
      VectorExponential.exp(e, count);
      MemorySegment.copy(e, 0, y, ValueLayout.JAVA_FLOAT, (yOffset + from) * 4, count);
    }
  }

  private static void divide(MemorySegment x, long offset, float divisor, int n) {
    int end = Lanes.FLOATS.loopBound(n);
    for (int i = 0; i < end; i += Lanes.COUNT) {
      FloatVector.fromMemorySegment(Lanes.FLOATS, x, (offset + i) * 4, ORDER)
          .div(divisor)
          .intoMemorySegment(x, (offset + i) * 4, ORDER);
    }
    for (int i = end; i < n; i++) {
      set(x, offset + i, at(x, offset + i) / divisor);
    }
  }

  @Override
  public int argmax(MemorySegment x, long xOffset, int n) {
    float max = max(x, xOffset, n);
    int end = Lanes.FLOATS.loopBound(n);
    // NaN equals nothing, so a row with one is searched in vain.
    for (int i = 0; i < end; i += Lanes.COUNT) {
      var found =
          FloatVector.fromMemorySegment(Lanes.FLOATS, x, (xOffset + i) * 4, ORDER)
              .compare(VectorOperators.EQ, max);
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
      max = max.max(FloatVector.fromMemorySegment(Lanes.FLOATS, x, (offset + i) * 4, ORDER));
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
        var value = FloatVector.fromMemorySegment(Lanes.FLOATS, x, (offset + i) * 4, ORDER);
        sum = value.fma(value, sum);
      }
      sum.intoArray(lanes, lane);
    }
  }

  private static void sum(MemorySegment x, long offset, int n, float[] lanes) {
    for (int lane = 0; lane < RowSums.LANES; lane += Lanes.COUNT) {
      var sum = FloatVector.zero(Lanes.FLOATS);
      for (int i = lane; i < n; i += RowSums.LANES) {
        sum = sum.add(FloatVector.fromMemorySegment(Lanes.FLOATS, x, (offset + i) * 4, ORDER));
      }
      sum.intoArray(lanes, lane);
    }
  }

  private static float at(MemorySegment floats, long index) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static void set(MemorySegment floats, long index, float value) {
    floats.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }
}
