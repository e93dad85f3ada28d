package dev.educe.optimize.train;

import dev.educe.kernels.DenseKernels;
import java.util.Arrays;

/// Matrix products of one thread.
///
/// Every element is one chain of fused multiply-adds over the depth, in its order, so neither
/// tiles, vectors nor the way work is shared out can change a bit. Not thread-safe.
final class DenseProduct {
  /// Rows that pass by a panel before the next one comes: their slice stays in the second cache.
  private static final int ROWS = 256;

  private static final int WIDTH = DenseKernels.TILE_COLUMNS;

  private final DenseKernels kernels;
  private final float[] edge = new float[DenseKernels.TILE_ROWS * WIDTH];

  DenseProduct(DenseKernels kernels) {
    this.kernels = kernels;
  }

  /// `c = a · b`, or `c += a · b`: of `b` as many rows as `a` has columns, and as many columns as
  /// `c` has.
  ///
  /// @param c with adjacent columns
  void multiply(DenseMatrix a, PackedMatrix b, DenseMatrix c, boolean isAdded) {
    if (!isAdded) {
      for (int row = 0; row < c.rows(); row++) {
        int from = c.from() + row * c.rowStride();
        Arrays.fill(c.values(), from, from + c.columns(), 0);
      }
    }
    for (int k = 0; k < a.columns(); k += PackedMatrix.DEPTH) {
      var slice = a.columns(k, Math.min(PackedMatrix.DEPTH, a.columns() - k));
      for (int row = 0; row < c.rows(); row += ROWS) {
        int rows = Math.min(ROWS, c.rows() - row);
        for (int panel = 0; panel * WIDTH < c.columns(); panel++) {
          multiplyPanel(slice.rows(row, rows), b, b.offset(k, panel), c, row, panel * WIDTH);
        }
      }
    }
  }

  private void multiplyPanel(
      DenseMatrix a, PackedMatrix b, int bFrom, DenseMatrix c, int cRow, int column) {
    int width = Math.min(WIDTH, c.columns() - column);
    for (int row = 0; row < a.rows(); row += DenseKernels.TILE_ROWS) {
      int rows = Math.min(DenseKernels.TILE_ROWS, a.rows() - row);
      int from = a.from() + row * a.rowStride();
      int to = c.from() + (cRow + row) * c.rowStride() + column;
      if (width == WIDTH) {
        tile(rows, a, from, b, bFrom, c.values(), to, c.rowStride());
      } else {
        for (int i = 0; i < rows; i++) {
          System.arraycopy(c.values(), to + i * c.rowStride(), edge, i * WIDTH, width);
        }
        tile(rows, a, from, b, bFrom, edge, 0, WIDTH);
        for (int i = 0; i < rows; i++) {
          System.arraycopy(edge, i * WIDTH, c.values(), to + i * c.rowStride(), width);
        }
      }
    }
  }

  private void tile(
      int rows,
      DenseMatrix a,
      int from,
      PackedMatrix b,
      int bFrom,
      float[] c,
      int to,
      int cRowStride) {
    kernels.multiplyTile(
        rows,
        a.columns(),
        a.values(),
        from,
        a.rowStride(),
        a.stride(),
        b.values(),
        bFrom,
        c,
        to,
        cRowStride);
  }
}
