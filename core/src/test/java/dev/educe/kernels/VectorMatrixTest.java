package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The vector products have the bits of the plain loops, which are the definition.
@ExtendWith(Seeded.class)
@Tag("kernels")
class VectorMatrixTest {
  private static final int[] ROWS = {1, 2, 3, 7, 8, 13, 16, 17, 31, 32, 33, 48, 50};
  private static final int[] X_ROWS = {1, 2, 3, 4, 5, 8, 13};
  private static final int[] PLAIN_SIZES = {
    1, 2, 3, 7, 8, 13, 16, 31, 33, 64, 100, 127, 128, 129, 255, 256, 257, 1023, 1025
  };
  private static final int[] BLOCKS_OF_32 = {1, 2, 3, 7, 8, 9, 15, 16, 17, 33};
  private static final int[] BLOCKS_OF_256 = {1, 2, 3, 4};

  private final MatrixKernels scalar = new ScalarMatrix();
  private final MatrixKernels vector = new VectorMatrix();

  static Iterable<DType> formats() {
    return PanelLayout.supported();
  }

  private static int[] sizes(DType type) {
    return switch (type.blockSize()) {
      case 1 -> PLAIN_SIZES;
      case 32 -> IntStream.of(BLOCKS_OF_32).map(blocks -> 32 * blocks).toArray();
      default -> IntStream.of(BLOCKS_OF_256).map(blocks -> 256 * blocks).toArray();
    };
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everySizeHasTheBitsOfTheDefinition(DType type, Random random) {
    int[] sizes = sizes(type);
    for (int i = 0; i < Math.max(sizes.length, ROWS.length); i++) {
      int size = sizes[i % sizes.length];
      int xRows = X_ROWS[random.nextInt(X_ROWS.length)];
      try (var matrix = MatrixCase.random(type, ROWS[i % ROWS.length], size, xRows, random)) {
        matrix.quantize(scalar);
        assertSameBits(matrix);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void everyNumberOfRowsHasTheBitsOfTheDefinition(DType type, Random random) {
    int[] sizes = sizes(type);
    for (int xRows : X_ROWS) {
      for (int rows : new int[] {5, 32}) {
        int size = sizes[random.nextInt(sizes.length)];
        try (var matrix = MatrixCase.random(type, rows, size, xRows, random)) {
          matrix.quantize(scalar);
          assertSameBits(matrix);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void moreRowsThanAreHeldAtOnceHaveTheBitsOfTheDefinition(DType type, Random random) {
    int size = 8192;
    int xRows = ActivationPairs.rowsMax(size) + 5;
    try (var matrix = MatrixCase.random(type, 1, size, xRows, random)) {
      matrix.quantize(scalar);
      assertSameBits(matrix);
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void extremeCodesAndActivationsHaveTheBitsOfTheDefinition(DType type) {
    int size = Math.max(64, type.blockSize());
    for (int code : new int[] {0x00, 0xff, 0x80, 0x7f, 0x88, 0x0f, 0xf0}) {
      try (var matrix = new MatrixCase(RawRows.uniform(type, 17, size, code), 5)) {
        for (int row = 0; row < 5; row++) {
          for (int k = 0; k < size; k++) {
            boolean isNegative = row == 1 || row == 2 && k % 2 == 0 || row == 3 && k % 32 < 16;
            matrix.set(row, k, row == 4 ? 0f : isNegative ? -127f : 127f);
          }
        }
        matrix.quantize(scalar);
        assertSameBits(matrix);
        // Alone, rows are multiplied in another way than as a tile.
        for (int row = 0; row < 5; row++) {
          assertSameBits(matrix, 0, matrix.panels.panels(), row, row + 1);
        }
        assertSameBits(matrix, 0, matrix.panels.panels(), 0, 3);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void weightsAndActivationsThatAreNotFiniteHaveTheBitsOfTheDefinition(DType type, Random random) {
    int size = Math.max(64, type.blockSize());
    RawRows raw = RawRows.random(type, 16, size, random);
    random.nextBytes(raw.bytes.array());
    try (var matrix = new MatrixCase(raw, 3)) {
      for (int k = 0; k < size; k++) {
        matrix.set(0, k, Float.intBitsToFloat(random.nextInt()));
        matrix.set(1, k, Float.MIN_VALUE * random.nextInt(-9, 9));
        matrix.set(2, k, -0f);
      }
      matrix.quantize(scalar);
      assertSameBits(matrix);
    }
  }

  /// A scale that no fast way takes, in one block of one row, and all others as they mostly are.
  @ParameterizedTest
  @ValueSource(shorts = {0x7c00, (short) 0xfc00, 0x7c01, (short) 0xfe00, 0x7bff, 1})
  void everyScaleHasTheBitsOfTheDefinition(short half, Random random) {
    for (int round = 0; round < 20; round++) {
      RawRows raw = RawRows.random(DType.Q4_0, 48, 256, random);
      int block = random.nextInt(48 * 8);
      raw.bytes.putShort(block * DType.Q4_0.blockBytes(), half);
      try (var matrix = new MatrixCase(raw, 1)) {
        for (int k = 0; k < 256; k++) {
          matrix.set(0, k, (float) random.nextGaussian());
        }
        matrix.quantize(scalar);
        assertSameBits(matrix);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void activationsOfEveryMagnitudeHaveTheBitsOfTheDefinition(DType type, Random random) {
    int size = Math.max(64, type.blockSize());
    try (var matrix = MatrixCase.random(type, 16, size, 1, random)) {
      for (int exponent = -126; exponent < 127; exponent += 11) {
        float magnitude = Math.scalb(1f, exponent);
        for (int k = 0; k < size; k++) {
          matrix.set(0, k, random.nextFloat(-1, 1) * (k < 32 ? magnitude : 1));
        }
        matrix.quantize(scalar);
        assertSameBits(matrix);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void partsOfPanelsAndRowsLeaveTheOthersAlone(DType type, Random random) {
    int size = type.blockSize() == 1 ? 130 : Math.max(288 / type.blockSize(), 1) * type.blockSize();
    try (var matrix = MatrixCase.random(type, 77, size, 9, random)) {
      matrix.quantize(scalar);
      for (int round = 0; round < 8; round++) {
        int panelFrom = random.nextInt(6);
        int panelTo = random.nextInt(panelFrom, 6);
        int rowFrom = random.nextInt(10);
        int rowTo = random.nextInt(rowFrom, 10);
        assertSameBits(matrix, panelFrom, panelTo, rowFrom, rowTo);
      }
    }
  }

  @Test
  void quantizedRowsHaveTheBitsOfTheDefinition(Random random) {
    for (int size : new int[] {1, 31, 32, 33, 64, 100, 1023, 1024}) {
      for (int round = 0; round < 20; round++) {
        try (var mine = MatrixCase.random(DType.F32, 1, size, 3, random);
            var other = MatrixCase.random(DType.F32, 1, size, 3, random)) {
          for (int i = 0; i < size; i++) {
            if (random.nextInt(4) == 0) {
              mine.set(0, i, Float.intBitsToFloat(random.nextInt()));
            }
            // Multiples of a half are ties, since the largest magnitude is 127.
            mine.set(1, i, i % 32 == 0 ? -127f : random.nextInt(-253, 254) * 0.5f);
          }
          other.x.floats().copyFrom(mine.x.floats());
          int expected = scalar.quantize(mine.x, 0, 3);
          assertEquals(expected, vector.quantize(other.x, 0, 3));
          for (int row = expected + 1; row < 3; row++) {
            assertEquals(-1, quantized(mine.x, row).mismatch(quantized(other.x, row)));
          }
        }
      }
    }
  }

  private static MemorySegment quantized(Activations x, int row) {
    return x.quantized().asSlice(row * x.rowBytes(), x.rowBytes());
  }

  @Test
  void theFirstRowThatIsNotFiniteIsNamed(Random random) {
    try (var matrix = MatrixCase.random(DType.Q8_0, 1, 96, 6, random)) {
      for (MatrixKernels kernels : new MatrixKernels[] {scalar, vector}) {
        matrix.x.floats().fill((byte) 0);
        assertEquals(-1, kernels.quantize(matrix.x, 0, 6));
        matrix.set(4, 95, Float.NaN);
        matrix.set(2, 0, Float.NEGATIVE_INFINITY);
        assertEquals(2, kernels.quantize(matrix.x, 0, 6));
        assertEquals(4, kernels.quantize(matrix.x, 3, 6));
        assertEquals(-1, kernels.quantize(matrix.x, 3, 4));
        assertEquals(-1, kernels.quantize(matrix.x, 5, 5));
      }
    }
  }

  @Test
  void whatLiesBehindARowIsNotQuantized() {
    try (var matrix = new MatrixCase(RawRows.uniform(DType.F32, 1, 33, 0), 1)) {
      for (MatrixKernels kernels : new MatrixKernels[] {scalar, vector}) {
        matrix.x.floats().fill((byte) 0x7f);
        for (int k = 0; k < 33; k++) {
          matrix.set(0, k, 1f);
        }
        assertEquals(-1, kernels.quantize(matrix.x, 0, 1));
        assertEquals(127, matrix.x.quantized().get(ValueLayout.JAVA_BYTE, 32));
        assertEquals(0, matrix.x.quantized().get(ValueLayout.JAVA_BYTE, 33));
      }
    }
  }

  private void assertSameBits(MatrixCase matrix) {
    assertArrayEquals(
        MatrixCase.bits(matrix.multiply(scalar)),
        MatrixCase.bits(matrix.multiply(vector)),
        matrix::toString);
  }

  private void assertSameBits(
      MatrixCase matrix, int panelFrom, int panelTo, int rowFrom, int rowTo) {
    assertArrayEquals(
        MatrixCase.bits(matrix.multiply(scalar, panelFrom, panelTo, rowFrom, rowTo)),
        MatrixCase.bits(matrix.multiply(vector, panelFrom, panelTo, rowFrom, rowTo)),
        () ->
            "%s, panels %d to %d, rows %d to %d"
                .formatted(matrix, panelFrom, panelTo, rowFrom, rowTo));
  }
}
