package dev.educe.optimize.train;

import dev.educe.kernels.DenseKernels;
import java.util.Arrays;

/// The right-hand side of products, in the order in which tiles read it: slices of [#DEPTH] rows,
/// in each of them panels of 32 columns, in each of those row after row. Absent columns of the last
/// panel are zero.
///
/// The memory grows on demand and is used again. Packing different panels may be done by different
/// threads; reading, by any number.
final class PackedMatrix {
  /// Rows of a slice: a panel of it, 16 KB, stays in the nearest cache while rows pass by.
  static final int DEPTH = 128;

  private static final int WIDTH = DenseKernels.TILE_COLUMNS;

  private float[] packed = new float[0];
  private int rows;
  private int columns;

  /// Makes room for a matrix; its panels are packed by [#packPanel].
  void shape(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
    int size = Math.multiplyExact(rows, panels() * WIDTH);
    if (packed.length < size) {
      packed = new float[size];
    }
  }

  /// Packs a whole matrix.
  void pack(DenseMatrix source) {
    shape(source.rows(), source.columns());
    for (int panel = 0; panel < panels(); panel++) {
      packPanel(source, panel);
    }
  }

  int panels() {
    return Math.ceilDiv(columns, WIDTH);
  }

  float[] values() {
    return packed;
  }

  /// Where a panel of a slice begins.
  int offset(int row, int panel) {
    int depth = Math.min(DEPTH, rows - row);
    return row * panels() * WIDTH + panel * depth * WIDTH;
  }

  /// Packs one panel of all slices.
  void packPanel(DenseMatrix source, int panel) {
    int first = panel * WIDTH;
    int count = Math.min(WIDTH, columns - first);
    for (int row = 0; row < rows; row += DEPTH) {
      int depth = Math.min(DEPTH, rows - row);
      int to = offset(row, panel);
      if (source.stride() == 1) {
        copyRows(source, row, depth, first, count, to);
      } else {
        gather(source, row, depth, first, count, to);
      }
    }
  }

  private void copyRows(DenseMatrix source, int row, int depth, int first, int count, int to) {
    for (int k = 0; k < depth; k++) {
      int from = source.from() + (row + k) * source.rowStride() + first;
      System.arraycopy(source.values(), from, packed, to + k * WIDTH, count);
      if (count < WIDTH) {
        Arrays.fill(packed, to + k * WIDTH + count, to + (k + 1) * WIDTH, 0);
      }
    }
  }

  /// Column by column, which reads along the rows of a transposed matrix.
  private void gather(DenseMatrix source, int row, int depth, int first, int count, int to) {
    float[] values = source.values();
    for (int j = 0; j < count; j++) {
      int from = source.from() + row * source.rowStride() + (first + j) * source.stride();
      for (int k = 0; k < depth; k++) {
        packed[to + k * WIDTH + j] = values[from + k * source.rowStride()];
      }
    }
    for (int k = 0; k < depth && count < WIDTH; k++) {
      Arrays.fill(packed, to + k * WIDTH + count, to + (k + 1) * WIDTH, 0);
    }
  }
}
