package dev.educe.kernels;

/// Dense F32 arithmetic over arrays: what training needs beside the products of packed weights.
///
/// [ScalarDense] defines the bits; [KernelSelector#dense] gives the fastest that runs here.
/// Thread-safe.
public interface DenseKernels {
  /// Rows of a tile.
  int TILE_ROWS = 4;

  /// Columns of a tile: two vectors of 512 bits, so that eight sums are under way at once.
  int TILE_COLUMNS = 32;

  /// Adds a product to a tile: `c[i, j] = fma(a[i, k], b[k, j], c[i, j])` for each `k` in turn.
  ///
  /// | operand | shape           | element                                       |
  /// |---------|-----------------|-----------------------------------------------|
  /// | `a`     | `[rows, depth]` | `a[aFrom + i · aRowStride + k · aStride]`     |
  /// | `b`     | `[depth, 32]`   | `b[bFrom + 32 · k + j]`                       |
  /// | `c`     | `[rows, 32]`    | `c[cFrom + i · cRowStride + j]`               |
  ///
  /// @param rows 1 to [#TILE_ROWS]
  void multiplyTile(
      int rows,
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aStride,
      float[] b,
      int bFrom,
      float[] c,
      int cFrom,
      int cRowStride);

  /// Raises e to the power of each of the first `count` elements, in place, as [Exponential#exp];
  /// what follows up to the next multiple of 16 is lost.
  ///
  /// @param x at least `count` elements, rounded up to a multiple of 16
  void exp(float[] x, int count);
}
