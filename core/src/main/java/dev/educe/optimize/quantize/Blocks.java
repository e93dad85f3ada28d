package dev.educe.optimize.quantize;

import java.util.Arrays;

/// Blocks of consecutive elements side by side: a lane is a block.
///
/// What is done to every block is then a loop over lanes that are independent of each other, which
/// the compiler turns into vectors. Not thread-safe.
final class Blocks {
  /// How many blocks are looked at together: enough for vectors, few enough for the nearest caches.
  static final int LANES = 256;

  final float[][] x; // [elements of a block][LANES]
  final float[][] weights; // [elements of a block][LANES]

  /// @param size elements of a block
  Blocks(int size) {
    x = new float[size][LANES];
    weights = new float[size][LANES];
  }

  /// Elements of a block.
  int size() {
    return x.length;
  }

  /// Takes blocks that follow one another; lanes beyond them hold zeros.
  ///
  /// @param rows whole rows, one behind the other
  /// @param from the first block's first element
  /// @param importance weight of each column
  void load(float[] rows, int from, int count, float[] importance) {
    int size = size();
    for (int lane = 0; lane < LANES; lane++) {
      int at = from + lane * size;
      int column = at % importance.length;
      boolean isBlock = lane < count;
      for (int i = 0; i < size; i++) {
        x[i][lane] = isBlock ? rows[at + i] : 0;
        weights[i][lane] = isBlock ? importance[column + i] : 1;
      }
    }
  }

  /// Takes the same block of several rows, in parts of this size; lanes beyond them hold zeros.
  ///
  /// @param columns [columns][rows or more]
  /// @param from the block's first column
  /// @param importance weight of each column
  void load(float[][] columns, int from, int parts, int rows, float[] importance) {
    for (int lane = 0; lane < LANES; lane++) {
      int column = from + lane % parts * size();
      boolean isRow = lane < rows * parts;
      for (int i = 0; i < size(); i++) {
        x[i][lane] = isRow ? columns[column + i][lane / parts] : 0;
        weights[i][lane] = isRow ? importance[column + i] : 1;
      }
    }
  }

  /// Writes to `target` of every lane the element of the largest magnitude.
  void peaks(float[] target) {
    Arrays.fill(target, 0);
    for (float[] elements : x) {
      for (int lane = 0; lane < LANES; lane++) {
        if (Math.abs(elements[lane]) > Math.abs(target[lane])) {
          target[lane] = elements[lane];
        }
      }
    }
  }

  /// Writes the least and the greatest element of every lane.
  void range(float[] least, float[] greatest) {
    System.arraycopy(x[0], 0, least, 0, LANES);
    System.arraycopy(x[0], 0, greatest, 0, LANES);
    for (float[] elements : x) {
      for (int lane = 0; lane < LANES; lane++) {
        least[lane] = Math.min(least[lane], elements[lane]);
        greatest[lane] = Math.max(greatest[lane], elements[lane]);
      }
    }
  }

  /// Reciprocals; of what is too small to have one, zero.
  static void invert(float[] scales, float[] inverses) {
    for (int lane = 0; lane < LANES; lane++) {
      inverses[lane] = inverse(scales[lane]);
    }
  }

  /// The reciprocal; of what is too small to have one, zero.
  static float inverse(float scale) {
    return Math.abs(scale) < 0x1p-100f ? 0 : 1 / scale;
  }
}
