package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// The innermost loops of quantized products: codes times activations, in 16-bit lanes.
///
/// Products are added up over *runs* of groups, a block or half a block, and each run's sums are
/// stored; [VectorSums] goes on from there. They stay within 16 bits: 16 products of 15 or of -16
/// with 127 do, and so do 8 of -32.
///
/// What made these loops fast: one flat loop (a nested one costs half), pairs in an array and in
/// the order of use, two planes to a pair, and few vector operations to a method with none of them
/// passed to another: beyond some forty the compiler stops inlining and boxes vectors.
final class VectorDots {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int GROUP = 64;

  private static final ShortVector FOUR_BITS = ShortVector.broadcast(Lanes.SHORTS, 15);
  private static final ShortVector UPPER_BITS = ShortVector.broadcast(Lanes.SHORTS, 48);

  private VectorDots() {}

  /// Multiplies two planes of unpacked codes with a tile of activations.
  ///
  /// Sums of row `i` and plane `p` go to `sums` at `to + (2i + p) · runs · 64`.
  ///
  /// @param plane0 where the first plane's codes begin; `plane1` the second's
  /// @param runs how many runs there are, `run` how many groups each has, a power of two
  /// @param x where the tile's pairs begin
  static void tile(
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
    int last = run - 1;
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long at = to;
    ShortVector a00 = zero;
    ShortVector a01 = zero;
    ShortVector a10 = zero;
    ShortVector a11 = zero;
    ShortVector a20 = zero;
    ShortVector a21 = zero;
    ShortVector a30 = zero;
    ShortVector a31 = zero;
    for (int k = 0; k < runs * run; k++) {
      long group = (long) k * GROUP;
      ShortVector w0 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane0 + group, ORDER);
      ShortVector w1 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane1 + group, ORDER);
      // Four pairs of each row lie together.
      int i = x + 4 * k - 3 * (k & 3);
      ShortVector v0 = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      a00 = a00.add(w0.mul(v0));
      a01 = a01.add(w1.mul(v0));
      ShortVector v1 = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      a10 = a10.add(w0.mul(v1));
      a11 = a11.add(w1.mul(v1));
      ShortVector v2 = IntVector.broadcast(Lanes.INTS, pairs[i + 8]).reinterpretAsShorts();
      a20 = a20.add(w0.mul(v2));
      a21 = a21.add(w1.mul(v2));
      ShortVector v3 = IntVector.broadcast(Lanes.INTS, pairs[i + 12]).reinterpretAsShorts();
      a30 = a30.add(w0.mul(v3));
      a31 = a31.add(w1.mul(v3));
      if ((k & last) == last) {
        a00.intoMemorySegment(sums, at, ORDER);
        a01.intoMemorySegment(sums, at + stride, ORDER);
        a10.intoMemorySegment(sums, at + 2 * stride, ORDER);
        a11.intoMemorySegment(sums, at + 3 * stride, ORDER);
        a20.intoMemorySegment(sums, at + 4 * stride, ORDER);
        a21.intoMemorySegment(sums, at + 5 * stride, ORDER);
        a30.intoMemorySegment(sums, at + 6 * stride, ORDER);
        a31.intoMemorySegment(sums, at + 7 * stride, ORDER);
        at += GROUP;
        a00 = zero;
        a01 = zero;
        a10 = zero;
        a11 = zero;
        a20 = zero;
        a21 = zero;
        a30 = zero;
        a31 = zero;
      }
    }
  }

  /// Multiplies two planes of unpacked codes with one row of activations; otherwise as [#tile].
  ///
  /// @param stride bytes from the sums of the first plane to those of the second
  static void row(
      MemorySegment codes,
      long plane0,
      long plane1,
      int runs,
      int run,
      int[] pairs,
      int x,
      MemorySegment sums,
      long to,
      long stride) {
    int last = run - 1;
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long at = to;
    ShortVector a0 = zero;
    ShortVector a1 = zero;
    for (int k = 0; k < runs * run; k++) {
      long group = (long) k * GROUP;
      ShortVector w0 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane0 + group, ORDER);
      ShortVector w1 = ShortVector.fromMemorySegment(Lanes.SHORTS, codes, plane1 + group, ORDER);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[x + k]).reinterpretAsShorts();
      a0 = a0.add(w0.mul(v));
      a1 = a1.add(w1.mul(v));
      if ((k & last) == last) {
        a0.intoMemorySegment(sums, at, ORDER);
        a1.intoMemorySegment(sums, at + stride, ORDER);
        at += GROUP;
        a0 = zero;
        a1 = zero;
      }
    }
  }

  /// Multiplies the nibbles of two panels with one row of activations, without unpacking them
  /// first.
  ///
  /// @param panel0 where the first panel's nibbles begin; `panel1` the second's
  /// @param step bytes from one block to the next
  /// @param stride bytes from the sums of the first panel to those of the second
  static void nibbles(
      MemorySegment panels,
      long panel0,
      long panel1,
      int step,
      int blocks,
      int[] pairs,
      int x,
      MemorySegment sums,
      long to,
      long stride) {
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long at = to;
    ShortVector a0 = zero;
    ShortVector a1 = zero;
    for (int k = 0; k < 4 * blocks; k++) {
      long group = (long) (k >> 2) * step + (k & 3) * GROUP;
      ShortVector w0 = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel0 + group, ORDER);
      ShortVector w1 = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel1 + group, ORDER);
      // Group g of block b meets the pairs 16b + g, and those 4, 8 and 12 further on.
      int i = x + 4 * k - 3 * (k & 3);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      a0 = a0.add(w0.and(FOUR_BITS).mul(v));
      a1 = a1.add(w1.and(FOUR_BITS).mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 8).and(FOUR_BITS).mul(v));
      a1 = a1.add(w1.lanewise(LSHR, 8).and(FOUR_BITS).mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 8]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 4).and(FOUR_BITS).mul(v));
      a1 = a1.add(w1.lanewise(LSHR, 4).and(FOUR_BITS).mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 12]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 12).mul(v));
      a1 = a1.add(w1.lanewise(LSHR, 12).mul(v));
      if ((k & 3) == 3) {
        a0.intoMemorySegment(sums, at, ORDER);
        a1.intoMemorySegment(sums, at + stride, ORDER);
        at += GROUP;
        a0 = zero;
        a1 = zero;
      }
    }
  }

  /// Multiplies the bytes of a panel with one row of activations, without unpacking them first.
  ///
  /// @param step bytes from one block to the next
  /// @param stride bytes from the sums of low nibbles to those of high ones
  static void bytes(
      MemorySegment panels,
      long panel,
      int step,
      int blocks,
      int[] pairs,
      int x,
      MemorySegment sums,
      long to,
      long stride) {
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long at = to;
    ShortVector low = zero;
    ShortVector high = zero;
    for (int k = 0; k < 8 * blocks; k++) {
      long group = panel + (long) (k >> 3) * step + (k & 7) * GROUP;
      ShortVector w = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, group, ORDER);
      // Group g of half h meets the pairs 8h + g and 8h + g + 4.
      int i = x + 2 * k - (k & 3);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      low = low.add(w.and(FOUR_BITS).mul(v));
      high = high.add(w.lanewise(LSHR, 4).and(FOUR_BITS).mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      low = low.add(w.lanewise(LSHR, 8).and(FOUR_BITS).mul(v));
      high = high.add(w.lanewise(LSHR, 12).mul(v));
      if ((k & 7) == 7) {
        low.intoMemorySegment(sums, at, ORDER);
        high.intoMemorySegment(sums, at + stride, ORDER);
        at += GROUP;
        low = zero;
        high = zero;
      }
    }
  }

  /// Multiplies the codes of six bits of two panels with one row of activations, without unpacking
  /// them first: sums of the first half of each block, then of the second.
  ///
  /// What the center of the codes makes too much is taken away at the end of a half: 16-bit sums
  /// may run over on the way, as long as the result does not.
  ///
  /// @param stride bytes from the sums of the first panel to those of the second
  static void nibblesAndPairs(
      MemorySegment panels,
      long panel0,
      long panel1,
      int blocks,
      int[] pairs,
      int x,
      MemorySegment sums,
      long to,
      long stride) {
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    long at = to;
    ShortVector a0 = zero;
    ShortVector a1 = zero;
    ShortVector excess = zero;
    // Three bits of the counter: the half, then the group.
    for (int k = 0; k < 8 * blocks; k++) {
      int half = k >> 2 & 1;
      int g = k & 3;
      long nibbles = (k >> 3) * 384L + g * GROUP;
      long upper = (k >> 3) * 384L + 256 + half * GROUP;
      ShortVector w0 =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel0 + nibbles, ORDER)
              .lanewise(LSHR, 4 * half);
      ShortVector u0 =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel0 + upper, ORDER)
              .lanewise(LSHR, 2 * g);
      ShortVector w1 =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel1 + nibbles, ORDER)
              .lanewise(LSHR, 4 * half);
      ShortVector u1 =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, panel1 + upper, ORDER)
              .lanewise(LSHR, 2 * g);
      int i = x + 2 * k - g;
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      excess = excess.add(v);
      a0 = a0.add(u0.lanewise(LSHL, 4).and(UPPER_BITS).or(w0.and(FOUR_BITS)).mul(v));
      a1 = a1.add(u1.lanewise(LSHL, 4).and(UPPER_BITS).or(w1.and(FOUR_BITS)).mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      excess = excess.add(v);
      w0 = w0.lanewise(LSHR, 8).and(FOUR_BITS);
      a0 = a0.add(u0.lanewise(LSHR, 4).and(UPPER_BITS).or(w0).mul(v));
      w1 = w1.lanewise(LSHR, 8).and(FOUR_BITS);
      a1 = a1.add(u1.lanewise(LSHR, 4).and(UPPER_BITS).or(w1).mul(v));
      if (g == 3) {
        excess = excess.lanewise(LSHL, 5);
        a0.sub(excess).intoMemorySegment(sums, at, ORDER);
        a1.sub(excess).intoMemorySegment(sums, at + stride, ORDER);
        at += GROUP;
        a0 = zero;
        a1 = zero;
        excess = zero;
      }
    }
  }
}
