package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Products with packed weights, as plain loops: the definition.
///
/// Every accumulator starts at +0 and takes the columns, or the blocks of 32 columns, in ascending
/// order. Padding rows are zero weights, so what lies beyond the matrix becomes +0.
final class ScalarMatrix implements MatrixKernels {
  private static final int BLOCK = Activations.BLOCK;

  @Override
  public int quantize(Activations x, int rowFrom, int rowTo) {
    MatrixOperands.checkRows(x, rowFrom, rowTo);
    int failed = -1;
    for (int row = rowFrom; row < rowTo; row++) {
      for (int block = 0; block < x.paddedSize() / BLOCK; block++) {
        if (!quantizeBlock(x, row, block) && failed < 0) {
          failed = row;
        }
      }
    }
    return failed;
  }

  /// Quantizes one block.
  ///
  /// @return whether all its elements are finite
  static boolean quantizeBlock(Activations x, int row, int block) {
    int first = block * BLOCK;
    int count = Math.min(BLOCK, x.size() - first);
    float amax = 0f;
    boolean finite = true;
    for (int i = 0; i < count; i++) {
      float magnitude = Math.abs(x.get(row, first + i));
      finite &= magnitude <= Float.MAX_VALUE;
      amax = Math.max(amax, magnitude);
    }
    boolean isZero = amax < 0x1p-100f;
    float id = isZero ? 0f : 127f / amax;
    float scale = isZero ? 0f : amax / 127f;
    long quantized = row * x.rowBytes();
    int[] sums = new int[2];
    for (int i = 0; i < BLOCK; i++) {
      int q = i < count ? (int) Math.rint(x.get(row, first + i) * id) : 0;
      x.quantized().set(ValueLayout.JAVA_BYTE, quantized + first + i, (byte) q);
      sums[i / 16] += q;
    }
    x.quantized().set(ValueLayout.JAVA_FLOAT, quantized + x.scalesOffset() + 4L * block, scale);
    x.quantized().set(ValueLayout.JAVA_INT, quantized + x.sumsOffset() + 8L * block, sums[0]);
    x.quantized().set(ValueLayout.JAVA_INT, quantized + x.sumsOffset() + 8L * block + 4, sums[1]);
    return finite;
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
    var weights = new PanelReader(w);
    float[] sums = new float[rowTo - rowFrom];
    for (int r = panelFrom * PanelLayout.ROWS; r < panelTo * PanelLayout.ROWS; r++) {
      weights.row(r);
      java.util.Arrays.fill(sums, 0f);
      if (w.layout().isQuantized()) {
        multiplyQuantized(weights, w.size(), x, rowFrom, sums);
      } else {
        multiplyPlain(weights, w.size(), x, rowFrom, sums);
      }
      for (int i = 0; i < sums.length; i++) {
        y.setAtIndex(ValueLayout.JAVA_FLOAT, (rowFrom + i) * yStride + r, sums[i]);
      }
    }
  }

  private static void multiplyPlain(
      PanelReader weights, int size, Activations x, int rowFrom, float[] sums) {
    for (int k = 0; k < size; k++) {
      float weight = weights.weight(k);
      for (int i = 0; i < sums.length; i++) {
        sums[i] = Math.fma(weight, x.get(rowFrom + i, k), sums[i]);
      }
    }
  }

  private static void multiplyQuantized(
      PanelReader weights, int size, Activations x, int rowFrom, float[] sums) {
    int[] q = new int[BLOCK];
    boolean hasOneScale = weights.form().hasOneScale();
    for (int block = 0; block < size / BLOCK; block++) {
      weights.codes(block, q);
      for (int i = 0; i < sums.length; i++) {
        long row = (rowFrom + i) * x.rowBytes();
        float scaleX =
            x.quantized().get(ValueLayout.JAVA_FLOAT, row + x.scalesOffset() + 4L * block);
        if (hasOneScale) {
          int dot = dot(q, 0, BLOCK, x, row + (long) block * BLOCK);
          sums[i] = Math.fma((float) dot, weights.factor(block, 0) * scaleX, sums[i]);
        } else {
          sums[i] = Math.fma(value(weights, block, q, x, row), scaleX, sums[i]);
        }
      }
    }
  }

  /// What a block with more than one scale comes to before the activations' scale.
  private static float value(PanelReader weights, int block, int[] q, Activations x, long row) {
    long columns = row + (long) block * BLOCK;
    int parts = weights.form().subScales().isHalved() ? 2 : 1;
    int length = BLOCK / parts;
    float value = 0f;
    for (int part = 0; part < parts; part++) {
      int dot = dot(q, part * length, length, x, columns);
      value = Math.fma(weights.factor(block, part), (float) dot, value);
      if (weights.form().second() != QuantForm.Second.NONE) {
        int sum = sum(part * length, length, x, columns);
        value = Math.fma(weights.offset(block, part), (float) sum, value);
      }
    }
    return value;
  }

  /// The dot product of a block's part, exact.
  private static int dot(int[] q, int from, int length, Activations x, long columns) {
    int dot = 0;
    for (int k = from; k < from + length; k++) {
      dot += q[k] * x.quantized().get(ValueLayout.JAVA_BYTE, columns + k);
    }
    return dot;
  }

  private static int sum(int from, int length, Activations x, long columns) {
    int sum = 0;
    for (int k = from; k < from + length; k++) {
      sum += x.quantized().get(ValueLayout.JAVA_BYTE, columns + k);
    }
    return sum;
  }
}
