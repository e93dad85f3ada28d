package dev.educe.kernels;

/// The definition of every kernel, as plain loops: what all other implementations must equal bit
/// for bit, and what runs where they cannot.
final class ScalarKernels implements Kernels {
  private final MatrixKernels matrix = new ScalarMatrix();
  private final AttentionKernels attention = new ScalarAttention();
  private final RowKernels rows = new ScalarRows();
  private final LogitKernels logits = new ScalarLogits();

  @Override
  public String name() {
    return "scalar";
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
