package dev.educe.kernels;

/// Dense arithmetic in plain loops: the definition.
final class ScalarDense implements DenseKernels {
  @Override
  public void multiplyTile(
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
      int cRowStride) {
    for (int k = 0; k < depth; k++) {
      for (int i = 0; i < rows; i++) {
        float factor = a[aFrom + i * aRowStride + k * aStride];
        int from = bFrom + TILE_COLUMNS * k;
        int to = cFrom + i * cRowStride;
        for (int j = 0; j < TILE_COLUMNS; j++) {
          c[to + j] = Math.fma(b[from + j], factor, c[to + j]);
        }
      }
    }
  }

  @Override
  public void exp(float[] x, int count) {
    for (int i = 0; i < count; i++) {
      x[i] = Exponential.exp(x[i]);
    }
  }
}
