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
///
/// Rows that are multiplied together lie together: four rows form a *tile*, and a tile holds four
/// pairs of each, then the next four of each. What is left of the rows lies row by row.
final class ActivationPairs {
  /// Rows of a tile.
  static final int TILE = 4;

  // So many pairs that the rows of a group stay in the second-level cache.
  private static final int PAIRS_MAX = 1 << 17;
  private static final int ROWS_MAX = 256;

  /// `[tiles, size / 8, 4, 4]`, then `[rows left, size / 2]`
  int[] pairs = new int[0];

  /// `[rows, blocks]`
  float[] scales = new float[0];

  /// `[rows, blocks, 2]`: the sum of each half of a block.
  float[] sums = new float[0];

  /// `[rows, blocks]`: the sum of a block.
  float[] totals = new float[0];

  /// Blocks of 32 in a row.
  int blocks;

  /// How many rows of this size are held at once: whole tiles.
  static int rowsMax(int size) {
    return Math.clamp(2L * PAIRS_MAX / size, TILE, ROWS_MAX) / TILE * TILE;
  }

  /// Where the pairs of a row begin that is the first of a tile or in none.
  int pairsOf(int row) {
    return row * blocks * 16;
  }

  /// Takes rows in place of those before.
  void load(Activations x, int rowFrom, int rowTo) {
    int rows = rowTo - rowFrom;
    blocks = x.paddedSize() / Activations.BLOCK;
    if (scales.length < rows * blocks) {
      pairs = new int[rows * blocks * 16];
      scales = new float[rows * blocks];
      sums = new float[rows * blocks * 2];
      totals = new float[rows * blocks];
    }
    int tiled = rows / TILE * TILE;
    for (int i = 0; i < rows; i++) {
      long from = (rowFrom + i) * x.rowBytes();
      int to = i < tiled ? pairsOf(i / TILE * TILE) + i % TILE * 4 : pairsOf(i);
      loadPairs(x.quantized(), from, pairs, to, i < tiled ? TILE * 4 : 4, blocks * 2);
      loadScales(x.quantized(), from + x.scalesOffset(), scales, i * blocks, blocks);
      loadSums(x.quantized(), from + x.sumsOffset(), sums, i * blocks * 2, blocks * 2);
    }
    for (int i = 0; i < rows * blocks; i++) {
      totals[i] = sums[2 * i] + sums[2 * i + 1];
    }
  }

  private static void loadPairs(
      MemorySegment quantized, long from, int[] pairs, int to, int step, int halves) {
    for (int i = 0; i < halves; i++) {
      ShortVector bytes =
          ShortVector.fromMemorySegment(
              ShortVector.SPECIES_128, quantized, from + i * 16L, ByteOrder.LITTLE_ENDIAN);
      ShortVector even = bytes.lanewise(LSHL, 8).lanewise(ASHR, 8);
      ShortVector odd = bytes.lanewise(ASHR, 8);
      even.reinterpretAsInts().intoArray(pairs, to + 2 * i * step);
      odd.reinterpretAsInts().intoArray(pairs, to + 2 * i * step + step);
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
