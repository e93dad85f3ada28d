package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ShortVector;

/// Some rows of quantized activations, arranged for 16-bit multiplication.
///
/// A 32-bit lane of weights holds two columns of one row as shorts, so an `int` here holds the two
/// activations that they meet. A block of 32 has 16 such pairs: `pair[8h + 4p + g]` holds columns
/// `16h + 4g + p` and, in its upper half, `16h + 4g + p + 2`.
final class ActivationPairs {
  // So many pairs that the rows of a group stay in the second-level cache.
  private static final int PAIRS_MAX = 1 << 17;
  private static final int ROWS_MAX = 256;

  /// `[rows, size / 2]`
  int[] pairs = new int[0];

  /// `[rows, blocks]`
  float[] scales = new float[0];

  /// `[rows, blocks, 2]`: the sum of each half of a block.
  float[] sums = new float[0];

  /// Blocks of 32 in a row.
  int blocks;

  /// How many rows of this size are held at once.
  static int rowsMax(int size) {
    int rows = Math.clamp(2L * PAIRS_MAX / size, 4, ROWS_MAX);
    return rows / 4 * 4;
  }

  /// Takes rows in place of those before.
  void load(Activations x, int rowFrom, int rowTo) {
    int rows = rowTo - rowFrom;
    blocks = x.paddedSize() / Activations.BLOCK;
    if (scales.length < rows * blocks) {
      pairs = new int[rows * blocks * 16];
      scales = new float[rows * blocks];
      sums = new float[rows * blocks * 2];
    }
    for (int row = 0; row < rows; row++) {
      long from = (rowFrom + row) * x.rowBytes();
      int first = row * blocks;
      loadPairs(x.quantized(), from, pairs, first * 16, blocks * 2);
      loadScales(x.quantized(), from + x.scalesOffset(), scales, first, blocks);
      loadSums(x.quantized(), from + x.sumsOffset(), sums, first * 2, blocks * 2);
    }
  }

  private static void loadPairs(
      MemorySegment quantized, long from, int[] pairs, int to, int halves) {
    for (int i = 0; i < halves; i++) {
      ShortVector bytes =
          ShortVector.fromMemorySegment(
              ShortVector.SPECIES_128, quantized, from + i * 16L, ByteOrder.LITTLE_ENDIAN);
      ShortVector even = bytes.lanewise(LSHL, 8).lanewise(ASHR, 8);
      ShortVector odd = bytes.lanewise(ASHR, 8);
      even.reinterpretAsInts().intoArray(pairs, to + i * 8);
      odd.reinterpretAsInts().intoArray(pairs, to + i * 8 + 4);
    }
  }

  private static void loadScales(
      MemorySegment quantized, long from, float[] scales, int to, int count) {
    for (int i = 0; i < count; i++) {
      scales[to + i] = quantized.get(ValueLayout.JAVA_FLOAT, from + i * 4L);
    }
  }

  private static void loadSums(
      MemorySegment quantized, long from, float[] sums, int to, int count) {
    for (int i = 0; i < count; i++) {
      sums[to + i] = quantized.get(ValueLayout.JAVA_INT, from + i * 4L);
    }
  }
}
