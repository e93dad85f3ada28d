package dev.educe.kernels;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/// A weight matrix and rows of activations, for products by one implementation or another.
final class MatrixCase implements AutoCloseable {
  /// Fills the outputs before a product, to see what it leaves alone.
  static final float UNTOUCHED = 1234.5f;

  final Region region = Region.open("test", MemoryBudget.unlimited());
  final RawRows raw;
  final Panels panels;
  final Activations x;

  MatrixCase(RawRows raw, int xRows) {
    this.raw = raw;
    this.panels = raw.pack(region);
    this.x = new Activations(region, xRows, raw.size);
  }

  /// Normally distributed activations, each row of a magnitude of its own.
  static MatrixCase random(DType type, int rows, int size, int xRows, Random random) {
    var matrix = new MatrixCase(RawRows.random(type, rows, size, random), xRows);
    for (int row = 0; row < xRows; row++) {
      float magnitude = (float) Math.scalb(1.0, random.nextInt(-20, 10));
      for (int k = 0; k < size; k++) {
        matrix.set(row, k, (float) random.nextGaussian() * magnitude);
      }
    }
    return matrix;
  }

  void set(int row, int k, float value) {
    x.floats().setAtIndex(ValueLayout.JAVA_FLOAT, (long) row * x.paddedSize() + k, value);
  }

  void quantize(MatrixKernels kernels) {
    if (panels.layout().isQuantized()) {
      kernels.quantize(x, 0, x.rowsMax());
    }
  }

  /// Outputs `[x rows, 16 · panels]`.
  float[] multiply(MatrixKernels kernels) {
    return multiply(kernels, 0, panels.panels(), 0, x.rowsMax());
  }

  float[] multiply(MatrixKernels kernels, int panelFrom, int panelTo, int rowFrom, int rowTo) {
    int stride = 16 * panels.panels();
    float[] result = new float[x.rowsMax() * stride];
    Arrays.fill(result, UNTOUCHED);
    MemorySegment y = region.allocate(result.length * 4L);
    y.copyFrom(MemorySegment.ofArray(result));
    kernels.multiply(panels, panelFrom, panelTo, x, rowFrom, rowTo, y, stride);
    MemorySegment.copy(y, ValueLayout.JAVA_FLOAT, 0, result, 0, result.length);
    return result;
  }

  /// What equality of bits means: any NaN equals any NaN, -0 differs from +0.
  static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  @Override
  public void close() {
    region.close();
  }

  @Override
  public String toString() {
    return "%s [%d, %d] times %d rows".formatted(raw.type, raw.rows, raw.size, x.rowsMax());
  }
}
