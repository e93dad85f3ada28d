package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ShortVector;

/// A row of quantized activations, arranged to meet nibbles that are shifted but not masked.
///
/// Eight nibbles `n0 … n7` of a 32-bit word meet the activations `x0 … x7`. With `wj` for the word
/// shifted right by `4j`, `nj` is `wj − 16 · w(j+1)`, and so the dot product is the sum of `wj ·
/// (xj − 16 · x(j−1))`: without a mask, as long as only its last 16 bits are looked at. Of `w0` to
/// `w3` both 16-bit halves are multiplied, since the upper halves are the ends of `w4` to `w7`. Not
/// thread-safe.
final class NibbleChain {
  /// Pairs of factors in half a block: for two groups of nibbles.
  static final int HALF_PAIRS = 8;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int HALF = 16;

  /// `[blocks, 2, 4, 2]`, and then some, for the length is a power of two: element `[b, h, s, g]`
  /// holds, for group `2h + g` of the block's nibbles, the factor of `ws` in the lower 16 bits and
  /// that of `w(s+4)` in the upper.
  int[] pairs = new int[HALF_PAIRS];

  /// `[blocks]`: times [VectorHalves#POWER], which moved halves are short of.
  float[] scales = new float[0];

  /// `[blocks]`: −8 times the sum of a block, in the upper 16 bits; and one that is never used.
  int[] centers = new int[0];

  /// Whether all of [#scales] are finite.
  boolean isInRange;

  // A row meets many units of work on its way through a matrix.
  private MemorySegment loaded = MemorySegment.ofArray(new byte[0]);
  private int loadedSize;

  /// Takes a row in place of the one before, which it may be again.
  void load(Activations x, int row) {
    MemorySegment quantized = x.quantized();
    int size = x.paddedSize();
    long bytes = x.rowBytes();
    long from = row * bytes;
    if (size == loadedSize
        && MemorySegment.mismatch(quantized, from, from + bytes, loaded, 0, bytes) < 0) {
      return;
    }
    loadedSize = 0; // should this end halfway
    int blocks = size / Activations.BLOCK;
    if (scales.length < blocks) {
      loaded = MemorySegment.ofArray(new byte[(int) bytes]);
      pairs = new int[Integer.highestOneBit(4 * blocks * HALF_PAIRS - 1)];
      centers = new int[blocks + 1];
      scales = new float[blocks];
    }
    loadPairs(quantized, from, pairs, blocks);
    loadScales(quantized, from + x.scalesOffset(), blocks);
    loadCenters(quantized, from + x.sumsOffset(), centers, blocks);
    MemorySegment.copy(quantized, from, loaded, 0, bytes);
    loadedSize = size;
  }

  private void loadScales(MemorySegment quantized, long from, int blocks) {
    MemorySegment.copy(quantized, ValueLayout.JAVA_FLOAT, from, scales, 0, blocks);
    float largest = 0;
    for (int b = 0; b < blocks; b++) {
      scales[b] *= VectorHalves.POWER;
      largest = Math.max(largest, scales[b]);
    }
    isInRange = largest < Float.POSITIVE_INFINITY;
  }

  private static void loadCenters(MemorySegment quantized, long from, int[] centers, int blocks) {
    for (int b = 0; b < blocks; b++) {
      int first = quantized.get(ValueLayout.JAVA_INT, from + b * 8L);
      centers[b] = -(first + quantized.get(ValueLayout.JAVA_INT, from + b * 8L + 4)) << 19;
    }
  }

  private static void loadPairs(MemorySegment quantized, long from, int[] pairs, int blocks) {
    for (int half = 0; half < 2 * blocks; half++) {
      // Low nibbles are the columns of the first half, high ones those of the second.
      long at = from + (half >> 1) * Activations.BLOCK + (half & 1) * 8;
      ShortVector low = ShortVector.fromMemorySegment(ShortVector.SPECIES_64, quantized, at, ORDER);
      ShortVector high =
          ShortVector.fromMemorySegment(ShortVector.SPECIES_64, quantized, at + HALF, ORDER);
      ShortVector x0 = low.lanewise(LSHL, 8).lanewise(ASHR, 8);
      ShortVector x1 = high.lanewise(LSHL, 8).lanewise(ASHR, 8);
      ShortVector x2 = low.lanewise(ASHR, 8);
      ShortVector x3 = high.lanewise(ASHR, 8);
      ShortVector before = x3.reinterpretAsInts().lanewise(LSHL, 16).reinterpretAsShorts();
      int to = half * HALF_PAIRS;
      x0.sub(before.lanewise(LSHL, 4)).reinterpretAsInts().intoArray(pairs, to);
      x1.sub(x0.lanewise(LSHL, 4)).reinterpretAsInts().intoArray(pairs, to + 2);
      x2.sub(x1.lanewise(LSHL, 4)).reinterpretAsInts().intoArray(pairs, to + 4);
      x3.sub(x2.lanewise(LSHL, 4)).reinterpretAsInts().intoArray(pairs, to + 6);
    }
  }
}
