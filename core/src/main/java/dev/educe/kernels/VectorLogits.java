package dev.educe.kernels;

import java.util.Arrays;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;

/// What is done to logits on the Vector API: whole vectors here, what is left over by plain loops.
final class VectorLogits implements LogitKernels {
  private static final IntVector INDICES = IntVector.zero(Lanes.INTS).addIndex(1);

  /// Which name of the last interval a lane takes.
  private static final FloatVector LAST =
      (FloatVector) INDICES.and(LAST_ONES - 1).convert(VectorOperators.I2F, 0);

  /// Bits of vectors whose machines make longs from floats.
  private static final int WIDE = 512;

  // A weight's parts are an integer of 16 bits and one of 24 below it.
  private static final float HIGH = 0x1p16f;
  private static final int LOW_BITS = 24;
  private static final float LOW = 1 << LOW_BITS;

  // Added and taken away again they leave the nearest whole number; no float above has another.
  private static final float ROUNDER = 0x1p23f;
  private static final double DOUBLE_ROUNDER = 0x1p52;

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

  /// Several vectors at a time, since each waits for the one before it.
  private static void maximaOfLanes(float[] x, int from, int end, float[] maxima, int at) {
    var a = FloatVector.broadcast(Lanes.FLOATS, Float.NEGATIVE_INFINITY);
    var b = a;
    var c = a;
    var d = a;
    int i = from;
    for (; i + 3 * LANES < end; i += 4 * LANES) {
      a = a.max(FloatVector.fromArray(Lanes.FLOATS, x, i));
      b = b.max(FloatVector.fromArray(Lanes.FLOATS, x, i + LANES));
      c = c.max(FloatVector.fromArray(Lanes.FLOATS, x, i + 2 * LANES));
      d = d.max(FloatVector.fromArray(Lanes.FLOATS, x, i + 3 * LANES));
    }
    for (; i < end; i += LANES) {
      a = a.max(FloatVector.fromArray(Lanes.FLOATS, x, i));
    }
    a.max(b).max(c.max(d)).intoArray(maxima, at);
  }

  @Override
  public void exponentials(float[] x, int from, int to, float shift, float divisor, float[] y) {
    int end = from + Lanes.FLOATS.loopBound(to - from);
    if (divisor == 1) {
      for (int i = from; i < end; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, x, i).sub(shift).intoArray(y, i);
      }
    } else {
      for (int i = from; i < end; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, x, i).sub(shift).div(divisor).intoArray(y, i);
      }
    }
    for (int i = end; i < to; i++) {
      y[i] = (x[i] - shift) / divisor;
    }
    VectorExponential.exp(y, from, to);
  }

  @Override
  public long weigh(float[] powers, int from, int to, long[] parts) {
    int end = from + Lanes.FLOATS.loopBound(to - from);
    long sum =
        Lanes.BITS == WIDE
            ? weighWide(powers, from, end, parts)
            : weighByHalves(powers, from, end, parts);
    return sum + ScalarLogits.weigh(powers, from, end, to, parts);
  }

  private static long weighWide(float[] powers, int from, int to, long[] parts) {
    var sum = LongVector.zero(Lanes.LONGS);
    for (int i = from; i < to; i += Lanes.COUNT) {
      var scaled = FloatVector.fromArray(Lanes.FLOATS, powers, i).mul(ScalarLogits.PARTS);
      var a = (LongVector) scaled.convertShape(VectorOperators.F2L, Lanes.LONGS, 0);
      var b = (LongVector) scaled.convertShape(VectorOperators.F2L, Lanes.LONGS, 1);
      a.intoArray(parts, i - from);
      b.intoArray(parts, i - from + Lanes.LONGS.length());
      sum = sum.add(a).add(b);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  /// By way of two integers, for machines that make no longs from floats.
  private static long weighByHalves(float[] powers, int from, int to, long[] parts) {
    var sum = LongVector.zero(Lanes.LONGS);
    for (int i = from; i < to; i += Lanes.COUNT) {
      var scaled = FloatVector.fromArray(Lanes.FLOATS, powers, i).mul(HIGH);
      var high = (IntVector) scaled.convert(VectorOperators.F2I, 0);
      var rest = scaled.sub((FloatVector) high.convert(VectorOperators.I2F, 0)).mul(LOW);
      var low = (IntVector) rest.convert(VectorOperators.F2I, 0);
      for (int part = 0; part < 2; part++) {
        var parted =
            ((LongVector) high.convertShape(VectorOperators.I2L, Lanes.LONGS, part))
                .lanewise(VectorOperators.LSHL, LOW_BITS)
                .add(low.convertShape(VectorOperators.I2L, Lanes.LONGS, part));
        parted.intoArray(parts, i - from + part * Lanes.LONGS.length());
        sum = sum.add(parted);
      }
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  @Override
  public long sumExponents(
      float[] x, float[] powers, int from, int to, float shift, float divisor) {
    var sum = DoubleVector.zero(Lanes.DOUBLES); // of whole numbers below 2⁵³
    int end = from + Lanes.FLOATS.loopBound(to - from);
    for (int i = from; i < end; i += Lanes.COUNT) {
      var scaled = FloatVector.fromArray(Lanes.FLOATS, powers, i).mul(ScalarLogits.PARTS);
      var near = scaled.add(ROUNDER).sub(ROUNDER);
      var weight =
          near.sub(1, near.compare(VectorOperators.GT, scaled))
              .blend(scaled, scaled.compare(VectorOperators.GE, ROUNDER));
      var exponent = FloatVector.fromArray(Lanes.FLOATS, x, i).sub(shift).div(divisor).neg();
      for (int part = 0; part < 2; part++) {
        var product =
            ((DoubleVector) weight.convertShape(VectorOperators.F2D, Lanes.DOUBLES, part))
                .mul(exponent.convertShape(VectorOperators.F2D, Lanes.DOUBLES, part));
        var nearest = product.add(DOUBLE_ROUNDER).sub(DOUBLE_ROUNDER);
        var down = nearest.sub(1, nearest.compare(VectorOperators.GT, product));
        sum = sum.add(down, product.compare(VectorOperators.GE, 0));
      }
    }
    // Exact in any order.
    return rest.sumExponents(x, powers, end, to, shift, divisor)
        - (long) sum.reduceLanes(VectorOperators.ADD);
  }

  @Override
  public void distances(
      float[] x, int from, int to, float shift, float divisor, float mean, float[] y) {
    int i = from;
    for (; i <= to - Lanes.COUNT; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, x, i)
          .sub(shift)
          .div(divisor)
          .sub(mean)
          .abs()
          .neg()
          .intoArray(y, i);
    }
    rest.distances(x, i, to, shift, divisor, mean, y);
  }

  @Override
  public void intervals(
      float[] numbers, int from, int to, float greatest, float scale, int last, int[] intervals) {
    var first = FloatVector.broadcast(Lanes.FLOATS, greatest);
    var lastOnes = LAST.add(last);
    int i = from;
    for (; i <= to - Lanes.COUNT; i += Lanes.COUNT) {
      var place = first.sub(FloatVector.fromArray(Lanes.FLOATS, numbers, i)).mul(scale);
      // Before the conversion, for which large numbers are a special case.
      ((IntVector)
              place
                  .blend(lastOnes, place.compare(VectorOperators.GE, last))
                  .convert(VectorOperators.F2I, 0))
          .intoArray(intervals, i - from);
    }
    ScalarLogits.intervals(numbers, from, i, to, greatest, scale, last, intervals);
  }

  @Override
  public int exclude(float[] x, float[] numbers, int from, int to, float least) {
    int left = 0;
    int i = from;
    for (; i <= to - Lanes.COUNT; i += Lanes.COUNT) {
      var stays =
          FloatVector.fromArray(Lanes.FLOATS, numbers, i).compare(VectorOperators.GE, least);
      FloatVector.fromArray(Lanes.FLOATS, x, i)
          .blend(Float.NEGATIVE_INFINITY, stays.not())
          .intoArray(x, i);
      left += stays.trueCount();
    }
    return left + rest.exclude(x, numbers, i, to, least);
  }

  @Override
  public int find(float[] x, int from, int to, float least, float below, int[] found) {
    int count = 0;
    int i = from;
    for (; i <= to - Lanes.COUNT; i += Lanes.COUNT) {
      var v = FloatVector.fromArray(Lanes.FLOATS, x, i);
      var isIn = v.compare(VectorOperators.GE, least).and(v.compare(VectorOperators.LT, below));
      // A whole vector is stored; there is room, as at most the elements before `i` were found.
      INDICES.add(i).compress(isIn.cast(Lanes.INTS)).intoArray(found, count);
      count += isIn.trueCount();
    }
    return ScalarLogits.findMore(x, i, to, least, below, found, count);
  }
}
