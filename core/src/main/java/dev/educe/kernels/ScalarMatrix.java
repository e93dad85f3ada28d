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
    for (int block = 0; block < size / BLOCK; block++) {
      weights.codes(block, q);
      float d = weights.scale(block);
      int s0 = weights.subScale(block, 0);
      int s1 = weights.subScale(block, 1);
      for (int i = 0; i < sums.length; i++) {
        long row = (rowFrom + i) * x.rowBytes();
        float scaleX =
            x.quantized().get(ValueLayout.JAVA_FLOAT, row + x.scalesOffset() + 4L * block);
        long columns = row + (long) block * BLOCK;
        int isum = s0 * dot(q, 0, x, columns) + s1 * dot(q, 16, x, columns);
        sums[i] = Math.fma((float) isum, d * scaleX, sums[i]);
        if (weights.form().second() != QuantForm.Second.NONE) {
          float factor = secondFactor(weights, block, x, row + x.sumsOffset() + 8L * block);
          sums[i] = Math.fma(factor, weights.second(block) * scaleX, sums[i]);
        }
      }
    }
  }

  /// Half a block's dot product, exact.
  private static int dot(int[] q, int from, Activations x, long columns) {
    int sum = 0;
    for (int k = from; k < from + 16; k++) {
      sum += q[k] * x.quantized().get(ValueLayout.JAVA_BYTE, columns + k);
    }
    return sum;
  }

  /// What the second scale is multiplied with: the sum of the block's activations, or less the
  /// minimum times that sum; exact.
  private static float secondFactor(PanelReader weights, int block, Activations x, long sums) {
    int sum0 = x.quantized().get(ValueLayout.JAVA_INT, sums);
    int sum1 = x.quantized().get(ValueLayout.JAVA_INT, sums + 4);
    return switch (weights.form().second()) {
      case NONE -> 0;
      case ADDED -> sum0 + sum1;
      case MINIMUM -> -(weights.min(block, 0) * sum0 + weights.min(block, 1) * sum1);
    };
  }
}
