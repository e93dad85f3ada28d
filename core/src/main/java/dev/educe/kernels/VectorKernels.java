package dev.educe.kernels;

/// Kernels on the Vector API, in vectors of 128, 256 or 512 bits.
///
/// Only [KernelSelector] makes them: loading the class needs the incubating vector module.
final class VectorKernels implements Kernels {
  private final MatrixKernels matrix = new VectorMatrix();
  private final AttentionKernels attention = new VectorAttention();
  private final RowKernels rows = new VectorRows();
  private final LogitKernels logits = new VectorLogits();

  @Override
  public String name() {
    return "vector " + Lanes.BITS;
  }

  @Override
  public MatrixKernels matrix() {
    return matrix;
  }

  @Override
  public AttentionKernels attention() {
    return attention;
  }

  @Override
  public RowKernels rows() {
    return rows;
  }

  @Override
  public LogitKernels logits() {
    return logits;
  }
}
