package dev.educe.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void rowsAndColumnsMakeTheElements() {
    var shape = Shape.of(2, 3, 5);
    assertEquals(5, shape.columns());
    assertEquals(6, shape.rows());
    assertEquals(30, shape.elements());
    assertEquals("[2, 3, 5]", shape.toString());
    assertEquals(1, Shape.of(7).rows());
    assertEquals(new Shape(List.of(2L, 3L, 5L)), shape);
  }

  @Test
  void impossibleDimensionsAreRefused() {
    for (long[] dimensions : new long[][] {{}, {0}, {3, -1}, {1, 1, 1, 1, 1}}) {
      assertThrows(IllegalArgumentException.class, () -> Shape.of(dimensions));
    }
  }

  @Test
  void sizesBeyondALongAreNotWrapped() {
    long half = 1L << 32;
    assertThrows(ArithmeticException.class, () -> Shape.of(half, half, 2).rows());
    assertThrows(ArithmeticException.class, () -> Shape.of(half, half).elements());
    assertThrows(ArithmeticException.class, () -> DType.F32.rowBytes(1L << 61));
  }

  @Test
  void everyTypeIsFoundByItsNumberAndHoldsWholeBlocks() {
    for (var type : DType.values()) {
      assertEquals(Optional.of(type), DType.ofId(type.id()));
      assertEquals(3L * type.blockBytes(), type.rowBytes(3L * type.blockSize()));
      if (type.isQuantized()) {
        assertThrows(IllegalArgumentException.class, () -> type.rowBytes(type.blockSize() + 1));
      }
    }
    for (long number : new long[] {-1, 4, 31, 64, 1L << 32, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertEquals(Optional.empty(), DType.ofId(number));
    }
  }

  /// Bits of an element with its share of the scales, from ggml's names and papers.
  @Test
  void blocksHaveTheBitsTheyAreKnownFor() {
    assertEquals(4.5, bits(DType.Q4_0));
    assertEquals(5.0, bits(DType.Q4_1));
    assertEquals(5.5, bits(DType.Q5_0));
    assertEquals(6.0, bits(DType.Q5_1));
    assertEquals(8.5, bits(DType.Q8_0));
    assertEquals(2.625, bits(DType.Q2_K));
    assertEquals(3.4375, bits(DType.Q3_K));
    assertEquals(4.5, bits(DType.Q4_K));
    assertEquals(5.5, bits(DType.Q5_K));
    assertEquals(6.5625, bits(DType.Q6_K));
    assertEquals(4.5, bits(DType.IQ4_NL));
    assertEquals(4.25, bits(DType.IQ4_XS));
    assertEquals(4.25, bits(DType.MXFP4));
    assertEquals(1.6875, bits(DType.TQ1_0));
    assertEquals(2.0625, bits(DType.TQ2_0));
  }

  private static double bits(DType type) {
    return 8.0 * type.blockBytes() / type.blockSize();
  }
}
