package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeded.class)
class RowEncoderTest {
  private static final int COLUMNS = 512;

  /// The error of normally distributed weights, relative to their square, and a little more.
  private static final Map<DType, Double> ERRORS =
      Map.ofEntries(
          Map.entry(DType.F32, 0.0),
          Map.entry(DType.F16, 1e-7),
          Map.entry(DType.BF16, 4e-6),
          Map.entry(DType.Q8_0, 4.5e-5),
          Map.entry(DType.Q6_K, 4e-4),
          Map.entry(DType.Q5_K, 1.6e-3),
          Map.entry(DType.Q5_1, 1.6e-3),
          Map.entry(DType.Q5_0, 2.2e-3),
          Map.entry(DType.Q4_K, 6.5e-3),
          Map.entry(DType.Q4_1, 6.5e-3),
          Map.entry(DType.Q4_0, 9e-3),
          Map.entry(DType.IQ4_NL, 6.5e-3),
          Map.entry(DType.IQ4_XS, 6.5e-3),
          Map.entry(DType.MXFP4, 1.6e-2),
          Map.entry(DType.Q3_K, 2.5e-2),
          Map.entry(DType.Q2_K, 7.5e-2));

  static Stream<DType> types() {
    return RowEncoder.TYPES.stream();
  }

  static Stream<DType> quantizedTypes() {
    return types().filter(DType::isQuantized);
  }

  private static float[] normal(int count, Random random) {
    var x = new float[count];
    for (int i = 0; i < count; i++) {
      x[i] = (float) (0.02 * random.nextGaussian());
    }
    return x;
  }

  private static byte[] encode(RowEncoder encoder, float[] x) {
    int rows = x.length / COLUMNS;
    var bytes = new byte[rows * encoder.rowBytes()];
    encoder.encode(x, rows, bytes);
    return bytes;
  }

  private static float[] decode(DType type, byte[] bytes) {
    int rows = (int) (bytes.length / type.rowBytes(COLUMNS));
    var x = new float[rows * COLUMNS];
    RowReader.decode(type, MemorySegment.ofArray(bytes), rows, COLUMNS, x);
    return x;
  }

  private static double error(float[] x, float[] y, float[] weights) {
    double error = 0;
    double square = 0;
    for (int i = 0; i < x.length; i++) {
      double rest = (double) x[i] - y[i];
      error += weights[i % COLUMNS] * rest * rest;
      square += (double) weights[i % COLUMNS] * x[i] * x[i];
    }
    return error / square;
  }

  private static float[] ones() {
    var ones = new float[COLUMNS];
    Arrays.fill(ones, 1);
    return ones;
  }

  @ParameterizedTest
  @MethodSource("types")
  void whatIsDecodedIsNearWhatWasEncoded(DType type, Random random) {
    float[] x = normal(40 * COLUMNS, random);
    float[] y = decode(type, encode(RowEncoder.of(type, COLUMNS), x));
    double error = error(x, y, ones());
    assertTrue(error <= ERRORS.get(type), type + " has an error of " + error);
    if (type.isQuantized()) {
      assertTrue(error >= ERRORS.get(type) / 3, type + " cannot be as good as " + error);
    }
  }

  /// Neither the rows beside a row nor where it stands changes what becomes of it.
  @ParameterizedTest
  @MethodSource("types")
  void aRowIsEncodedAloneAsAmongOthers(DType type, Random random) {
    float[] x = normal(19 * COLUMNS, random);
    for (int i = 0; i < x.length; i++) {
      x[i] *= (float) Math.exp(i / COLUMNS % 7 - 3);
    }
    var encoder = RowEncoder.of(type, COLUMNS);
    byte[] together = encode(encoder, x);
    for (int row : new int[] {0, 7, 18}) {
      byte[] alone = encode(encoder, Arrays.copyOfRange(x, row * COLUMNS, (row + 1) * COLUMNS));
      int from = row * encoder.rowBytes();
      assertArrayEquals(
          alone, Arrays.copyOfRange(together, from, from + encoder.rowBytes()), "row " + row);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void zerosAndTheSmallestNumbersStayFinite(DType type) {
    var x = new float[4 * COLUMNS];
    Arrays.fill(x, COLUMNS, 2 * COLUMNS, Float.MIN_VALUE);
    Arrays.fill(x, 2 * COLUMNS, 3 * COLUMNS, -1e-30f);
    for (int i = 3 * COLUMNS; i < 4 * COLUMNS; i++) {
      x[i] = i % 64 == 0 ? 1e-7f : 0;
    }
    float[] y = decode(type, encode(RowEncoder.of(type, COLUMNS), x));
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i], y[i], 1.1e-7, type + " at " + i);
      assertTrue(i >= COLUMNS || y[i] == 0, type + " makes something of nothing");
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void largeAndOneSidedNumbersAreKept(DType type, Random random) {
    var x = new float[8 * COLUMNS];
    for (int i = 0; i < x.length; i++) {
      float size = 1000 * (i / COLUMNS + 1);
      x[i] = (i / COLUMNS % 2 == 0 ? size : -size) * (0.5f + random.nextFloat());
    }
    float[] y = decode(type, encode(RowEncoder.of(type, COLUMNS), x));
    double error = error(x, y, ones());
    assertTrue(error <= ERRORS.get(type), type + " has an error of " + error);
  }

  @ParameterizedTest
  @MethodSource("quantizedTypes")
  void importanceMovesTheErrorToWhereItMattersLess(DType type, Random random) {
    float[] x = normal(40 * COLUMNS, random);
    var importance = new float[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      importance[i] = (float) Math.exp(2 * random.nextGaussian());
    }
    float[] plain = decode(type, encode(RowEncoder.of(type, COLUMNS), x));
    float[] weighted = decode(type, encode(RowEncoder.of(type, importance), x));
    double before = error(x, plain, importance);
    double after = error(x, weighted, importance);
    assertTrue(after < 0.99 * before, before + " " + after);
  }

  /// The numbers of MXFP4 itself come back as they are, and with them their exponent.
  @Test
  void floatsOfFourBitsAreKeptExactly(Random random) {
    float[] book = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    var x = new float[10 * COLUMNS];
    for (int i = 0; i < x.length; i++) {
      float value = i % 32 == 0 ? 6 : book[random.nextInt(8)];
      x[i] = (random.nextBoolean() ? value : -value) * (float) Math.scalb(1.0, i / 32 % 40 - 20);
    }
    float[] y = decode(DType.MXFP4, encode(RowEncoder.of(DType.MXFP4, COLUMNS), x));
    for (int i = 0; i < x.length; i++) {
      assertEquals(x[i], y[i], 0f, "at " + i);
    }
  }

  @Test
  void whatCannotBeEncodedIsRefused() {
    var columns =
        assertThrows(IllegalArgumentException.class, () -> RowEncoder.of(DType.Q4_K, 192));
    assertEquals("rows of Q4_K hold whole blocks of 256, got 192 columns", columns.getMessage());
    var type = assertThrows(IllegalArgumentException.class, () -> RowEncoder.of(DType.IQ3_S, 256));
    assertTrue(type.getMessage().startsWith("IQ3_S cannot be written"), type.getMessage());
    assertEquals(ERRORS.keySet(), Set.copyOf(RowEncoder.TYPES));
  }
}
