package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// The innermost loops of quantized products: unpacked codes times activations, in 16-bit lanes.
///
/// Products are added up over *runs* of 16, 8 or 4 groups, as many as surely stay within 16 bits
/// (15 · 127 · 16, 31 · 127 · 8 and 63 · 127 · 4 do), and each run's sums are stored; [VectorSums]
/// goes on from there. Few vector operations to a method, and none passed to another one: beyond
/// some forty the compiler stops inlining and boxes vectors.
final class VectorDots {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int GROUP = 64;

  private VectorDots() {}

  /// Multiplies two planes with four rows of activations.
  ///
  /// Sums of row `i` and plane `p` go to `sums` at `to + (2i + p) · runs · 64`.
  ///
  /// @param plane0 where the first plane's codes begin; `plane1` the second's
  /// @param runs how many runs there are, `run` how many groups each has
  /// @param x0 where the first row's pairs begin; the others likewise
  static void fourRows(
      MemorySegment codes,
      long plane0,
      long plane1,
      int runs,
      int run,
      int[] pairs,
      int x0,
      int x1,
      int x2,
      int x3,
      MemorySegment sums,
      long to) {
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long stride = (long) runs * GROUP;
    for (int i = 0; i < runs; i++) {
      ShortVector a00 = zero;
      ShortVector a01 = zero;
      ShortVector a10 = zero;
      ShortVector a11 = zero;
      ShortVector a20 = zero;
      ShortVector a21 = zero;
      ShortVector a30 = zero;
      ShortVector a31 = zero;
      int k = i * run;
      for (int end = k + run; k < end; k++) {
        long group = (long) k * GROUP;
        ShortVector w0 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane0 + group, ORDER);
        ShortVector w1 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane1 + group, ORDER);
        ShortVector v0 = IntVector.broadcast(Lanes.INTS, pairs[x0 + k]).reinterpretAsShorts();
        a00 = a00.add(w0.mul(v0));
        a01 = a01.add(w1.mul(v0));
        ShortVector v1 = IntVector.broadcast(Lanes.INTS, pairs[x1 + k]).reinterpretAsShorts();
        a10 = a10.add(w0.mul(v1));
        a11 = a11.add(w1.mul(v1));
        ShortVector v2 = IntVector.broadcast(Lanes.INTS, pairs[x2 + k]).reinterpretAsShorts();
        a20 = a20.add(w0.mul(v2));
        a21 = a21.add(w1.mul(v2));
        ShortVector v3 = IntVector.broadcast(Lanes.INTS, pairs[x3 + k]).reinterpretAsShorts();
        a30 = a30.add(w0.mul(v3));
        a31 = a31.add(w1.mul(v3));
      }
      long at = to + (long) i * GROUP;
      a00.intoMemorySegment(sums, at, ORDER);
      a01.intoMemorySegment(sums, at + stride, ORDER);
      a10.intoMemorySegment(sums, at + 2 * stride, ORDER);
      a11.intoMemorySegment(sums, at + 3 * stride, ORDER);
      a20.intoMemorySegment(sums, at + 4 * stride, ORDER);
      a21.intoMemorySegment(sums, at + 5 * stride, ORDER);
      a30.intoMemorySegment(sums, at + 6 * stride, ORDER);
      a31.intoMemorySegment(sums, at + 7 * stride, ORDER);
    }
  }

  /// Multiplies two planes with one row of activations; otherwise as [#fourRows].
  static void oneRow(
      MemorySegment codes,
      long plane0,
      long plane1,
      int runs,
      int run,
      int[] pairs,
      int x,
      MemorySegment sums,
      long to) {
    long stride = (long) runs * GROUP;
    for (int i = 0; i < runs; i++) {
      ShortVector a0 = ShortVector.zero(Lanes.SHORTS);
      ShortVector a1 = a0;
      int k = i * run;
      for (int end = k + run; k < end; k++) {
        long group = (long) k * GROUP;
        ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[x + k]).reinterpretAsShorts();
        a0 =
            a0.add(
                ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane0 + group, ORDER).mul(v));
        a1 =
            a1.add(
                ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane1 + group, ORDER).mul(v));
      }
      a0.intoMemorySegment(sums, to + (long) i * GROUP, ORDER);
      a1.intoMemorySegment(sums, to + stride + (long) i * GROUP, ORDER);
    }
  }
}
