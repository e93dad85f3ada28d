package dev.educe.kernels;

final class MatrixLater {
  static final MatrixKernels SCALAR = null;
  static final MatrixKernels VECTOR = null;
}
