package dev.educe.cli.make;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RandomWeightsTest {
  private static final int ROWS = 64;
  private static final int COLUMNS = 2048;

  /// 131,072 weights, of whose blocks the scales vary: the deviation is then within 3 %.
  @ParameterizedTest
  @MethodSource("types")
  void weightsHaveTheWantedMeanAndDeviation(DType type) {
    double wanted = 1 / Math.sqrt(COLUMNS);
    var weights = dequantized(type, bytes(type, wanted, 1, 2));
    double sum = 0;
    double squares = 0;
    for (float weight : weights) {
      assertTrue(Float.isFinite(weight));
      sum += weight;
      squares += (double) weight * weight;
    }
    assertEquals(0, sum / weights.length, 0.03 * wanted);
    assertEquals(wanted, Math.sqrt(squares / weights.length), 0.03 * wanted);
  }

  static Iterable<DType> types() {
    return RandomWeights.TYPES;
  }

  @Test
  void seedAndStreamSayWhichWeights() {
    byte[] first = bytes(DType.Q4_K, 0.02, 1, 2);
    assertArrayEquals(first, bytes(DType.Q4_K, 0.02, 1, 2));
    assertFalse(Arrays.equals(first, bytes(DType.Q4_K, 0.02, 2, 2)));
    assertFalse(Arrays.equals(first, bytes(DType.Q4_K, 0.02, 1, 3)));
  }

  private static byte[] bytes(DType type, double deviation, long seed, long stream) {
    var buffer = ByteBuffer.allocate((int) (ROWS * type.rowBytes(COLUMNS)));
    new RandomWeights(type, deviation, seed, stream).fill(buffer);
    return buffer.array();
  }

  /// The engine's own way to read the blocks.
  private static float[] dequantized(DType type, byte[] bytes) {
    try (var region = Region.open("test", MemoryBudget.unlimited())) {
      var rows = region.allocate(bytes.length);
      MemorySegment.copy(bytes, 0, rows, ValueLayout.JAVA_BYTE, 0, bytes.length);
      var panels = new Panels(region, type, ROWS, COLUMNS);
      PanelPacker.pack(rows, panels, 0, ROWS);
      var target = region.allocate(4L * ROWS * COLUMNS);
      for (int row = 0; row < ROWS; row++) {
        PanelPacker.unpackRow(panels, row, target, (long) row * COLUMNS);
      }
      return target.toArray(ValueLayout.JAVA_FLOAT);
    }
  }
}
