package dev.educe.optimize.train;

/// A view of an array as a matrix: element `(i, j)` is `values[from + i · rowStride + j · stride]`.
record DenseMatrix(float[] values, int from, int rows, int columns, int rowStride, int stride) {
  /// Rows one behind the other.
  static DenseMatrix of(float[] values, int from, int rows, int columns) {
    return new DenseMatrix(values, from, rows, columns, columns, 1);
  }

  /// Some rows.
  DenseMatrix rows(int first, int count) {
    return new DenseMatrix(values, from + first * rowStride, count, columns, rowStride, stride);
  }

  /// Some columns.
  DenseMatrix columns(int first, int count) {
    return new DenseMatrix(values, from + first * stride, rows, count, rowStride, stride);
  }

  /// With rows and columns exchanged.
  DenseMatrix transposed() {
    return new DenseMatrix(values, from, columns, rows, stride, rowStride);
  }
}
