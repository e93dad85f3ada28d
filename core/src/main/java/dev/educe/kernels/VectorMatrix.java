package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// Products with packed weights on the Vector API, with the bits of [ScalarMatrix].
final class VectorMatrix implements MatrixKernels {
  private final ThreadLocal<QuantProduct> quantProduct = ThreadLocal.withInitial(QuantProduct::new);
  private final ThreadLocal<NibbleProduct> nibbleProduct =
      ThreadLocal.withInitial(() -> new NibbleProduct(quantProduct.get()));
  private final ThreadLocal<PlainProduct> plainProduct = ThreadLocal.withInitial(PlainProduct::new);

  @Override
  public int quantize(Activations x, int rowFrom, int rowTo) {
    MatrixOperands.checkRows(x, rowFrom, rowTo);
    int failed = -1;
    for (int row = rowFrom; row < rowTo; row++) {
      if (!VectorQuantizer.quantizeRow(x, row) && failed < 0) {
        failed = row;
      }
    }
    return failed;
  }

  @Override
  public void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    MatrixOperands.check(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
    if (NibbleProduct.takes(w.type())) {
      int tiled = rowTo - (rowTo - rowFrom) % ActivationPairs.TILE;
      if (rowFrom < tiled) {
        quantProduct.get().multiply(w, panelFrom, panelTo, x, rowFrom, tiled, y, yStride);
      }
      if (tiled < rowTo) {
        nibbleProduct.get().multiply(w, panelFrom, panelTo, x, tiled, rowTo, y, yStride);
      }
    } else if (w.layout().isQuantized()) {
      quantProduct.get().multiply(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
    } else {
      plainProduct.get().multiply(w, panelFrom, panelTo, x, rowFrom, rowTo, y, yStride);
    }
  }
}
