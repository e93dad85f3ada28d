package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The definition agrees with what the formats mean, in double precision.
@ExtendWith(Seeded.class)
class ScalarMatrixTest {
  private final MatrixKernels scalar = new ScalarMatrix();

  static Iterable<DType> formats() {
    return PanelLayout.supported();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void productsAgreeWithDoublePrecision(DType type, Random random) {
    int size = type.blockSize() == 1 ? 300 : 2 * Math.max(type.blockSize(), 128);
    for (int rows : new int[] {1, 20}) {
      try (var matrix = MatrixCase.random(type, rows, size, 3, random)) {
        matrix.quantize(scalar);
        float[] y = matrix.multiply(scalar);
        float[] weights = matrix.raw.weights();
        int stride = 16 * matrix.panels.panels();
        for (int row = 0; row < 3; row++) {
          for (int r = 0; r < stride; r++) {
            assertProduct(matrix, weights, row, r, y[row * stride + r]);
          }
        }
      }
    }
  }

  private static void assertProduct(
      MatrixCase matrix, float[] weights, int row, int r, float actual) {
    double sum = 0;
    double magnitude = 0;
    for (int k = 0; k < matrix.raw.size && r < matrix.raw.rows; k++) {
      double product = weights[r * matrix.raw.size + k] * activation(matrix, row, k);
      sum += product;
      magnitude += Math.abs(product);
    }
    // Relative to the sum of magnitudes, since the products may cancel; minimums are apart from
    // what they are taken from, so up to ten times that may pass through the accumulator.
    double bound = magnitude * 10 * (matrix.raw.size / 32 + 2) * Math.ulp(1f);
    if (!matrix.panels.layout().isQuantized()) {
      bound = magnitude * matrix.raw.size * Math.ulp(1f);
    }
    assertEquals(sum, actual, bound + Float.MIN_NORMAL, () -> matrix + " at " + row + ", " + r);
  }

  /// What a product sees of an activation.
  private static double activation(MatrixCase matrix, int row, int k) {
    Activations x = matrix.x;
    if (!matrix.panels.layout().isQuantized()) {
      return x.get(row, k);
    }
    long at = row * x.rowBytes();
    byte q = x.quantized().get(ValueLayout.JAVA_BYTE, at + k);
    float scale = x.quantized().get(ValueLayout.JAVA_FLOAT, at + x.scalesOffset() + k / 32 * 4L);
    return (double) q * scale;
  }

  @Test
  void quantizingIsOffByHalfAStepAtMost(Random random) {
    try (var matrix = MatrixCase.random(DType.Q8_0, 1, 1024, 4, random)) {
      assertEquals(-1, scalar.quantize(matrix.x, 0, 4));
      for (int row = 0; row < 4; row++) {
        for (int k = 0; k < 1024; k++) {
          long scaleAt = row * matrix.x.rowBytes() + matrix.x.scalesOffset() + k / 32 * 4L;
          float step = matrix.x.quantized().get(ValueLayout.JAVA_FLOAT, scaleAt);
          assertEquals(matrix.x.get(row, k), activation(matrix, row, k), step * 0.5001, "at " + k);
        }
      }
    }
  }

  @Test
  void theSumsAreThoseOfSixteen(Random random) {
    try (var matrix = MatrixCase.random(DType.Q8_0, 1, 320, 1, random)) {
      scalar.quantize(matrix.x, 0, 1);
      MemorySegment quantized = matrix.x.quantized();
      for (int i = 0; i < 20; i++) {
        int sum = 0;
        for (int k = 16 * i; k < 16 * i + 16; k++) {
          sum += quantized.get(ValueLayout.JAVA_BYTE, k);
        }
        assertEquals(sum, quantized.get(ValueLayout.JAVA_INT, matrix.x.sumsOffset() + 4L * i));
      }
    }
  }

  @Test
  void tinyBlocksBecomeZeros() {
    try (var matrix = new MatrixCase(RawRows.uniform(DType.Q8_0, 1, 64, 1), 1)) {
      matrix.set(0, 0, Math.nextDown(0x1p-100f));
      matrix.set(0, 32, 0x1p-100f);
      assertEquals(-1, scalar.quantize(matrix.x, 0, 1));
      assertEquals(0, matrix.x.quantized().get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(127, matrix.x.quantized().get(ValueLayout.JAVA_BYTE, 32));
    }
  }

  @Test
  void operandsThatDoNotFitAreRefused(Random random) {
    try (var matrix = MatrixCase.random(DType.Q8_0, 40, 64, 2, random);
        var narrow = MatrixCase.random(DType.Q8_0, 40, 32, 2, random)) {
      Panels w = matrix.panels;
      MemorySegment y = matrix.region.allocate(2 * 48 * 4);
      scalar.multiply(w, 0, 3, matrix.x, 0, 2, y, 48);
      assertRefused(() -> scalar.multiply(w, 0, 4, matrix.x, 0, 2, y, 48));
      assertRefused(() -> scalar.multiply(w, -1, 3, matrix.x, 0, 2, y, 48));
      assertRefused(() -> scalar.multiply(w, 0, 3, matrix.x, 0, 3, y, 48));
      assertRefused(() -> scalar.multiply(w, 0, 3, matrix.x, 0, 2, y, 47));
      assertRefused(() -> scalar.multiply(w, 0, 3, matrix.x, 0, 2, y, 49));
      assertRefused(() -> scalar.quantize(matrix.x, 1, 3));
      var failure =
          assertThrows(
              IllegalArgumentException.class,
              () -> scalar.multiply(w, 0, 3, narrow.x, 0, 2, y, 48));
      assertEquals(
          "a matrix of 64 columns cannot be multiplied with rows of 32", failure.getMessage());
    }
  }

  private static void assertRefused(Runnable call) {
    assertThrows(IndexOutOfBoundsException.class, call::run);
  }
}
