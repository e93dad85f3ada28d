package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.TensorEntry;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeded.class)
class PanelPackerTest {
  // The root mean square of the rounding, relative to that of the weights; random weights are the
  // hardest there are.
  private static final Map<String, Double> ROUNDING_MAX =
      Map.ofEntries(
          Map.entry("F16", 0.0005),
          Map.entry("BF16", 0.003),
          Map.entry("Q8_0", 0.01),
          Map.entry("Q6_K", 0.03),
          Map.entry("Q5_0", 0.06),
          Map.entry("Q5_1", 0.06),
          Map.entry("Q5_K_S", 0.06),
          Map.entry("Q4_0", 0.12),
          Map.entry("Q4_1", 0.12),
          Map.entry("Q4_K_S", 0.12),
          Map.entry("IQ4_NL", 0.12),
          Map.entry("IQ4_XS", 0.12),
          Map.entry("Q3_K_S", 0.25),
          Map.entry("Q2_K", 0.45));

  static Iterable<DType> formats() {
    return PanelLayout.supported();
  }

  static Iterable<String> goldenFormats() {
    return ROUNDING_MAX.keySet();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void aRowComesBackAsTheFormatDefinesIt(DType type, Random random) {
    for (int rows : new int[] {1, 15, 16, 17, 33}) {
      int size = type.blockSize() * (1 + random.nextInt(3));
      RawRows raw = RawRows.random(type, rows, size, random);
      try (Region region = Region.open("test", MemoryBudget.unlimited())) {
        assertRowsEqual(raw.weights(), raw.pack(region));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("formats")
  void paddingRowsAreZeroWeights(DType type, Random random) {
    RawRows raw = RawRows.random(type, 3, type.blockSize() * 2, random);
    try (Region region = Region.open("test", MemoryBudget.unlimited())) {
      var reader = new PanelReader(raw.pack(region));
      reader.row(3);
      int[] q = new int[32];
      for (int k = 0; k < raw.size; k++) {
        if (type.isQuantized()) {
          reader.codes(k / 32, q);
        }
        float weight = type.isQuantized() ? reader.factor(k / 32, 0) * q[k % 32] : reader.weight(k);
        assertEquals(0f, Math.abs(weight));
      }
    }
  }

  @Test
  void panelsPackedApartAreTheSame(Random random) {
    RawRows raw = RawRows.random(DType.Q4_K, 40, 256, random);
    try (Region region = Region.open("test", MemoryBudget.unlimited())) {
      var parts = new Panels(region, raw.type, raw.rows, raw.size);
      MemorySegment rows = MemorySegment.ofArray(raw.bytes.array());
      PanelPacker.pack(rows.asSlice(32 * raw.type.rowBytes(256)), parts, 32, 8);
      PanelPacker.pack(rows, parts, 0, 32);
      assertEquals(-1, parts.memory().mismatch(raw.pack(region).memory()));
    }
  }

  @Test
  void rowsThatAreNoWholePanelsAreRefused() {
    try (Region region = Region.open("test", MemoryBudget.unlimited())) {
      var panels = new Panels(region, DType.Q8_0, 40, 32);
      MemorySegment rows = MemorySegment.ofArray(new byte[40 * 34]);
      var failure =
          assertThrows(IllegalArgumentException.class, () -> PanelPacker.pack(rows, panels, 8, 16));
      assertEquals(
          "rows are packed in whole panels of 16, got rows 8 to 24 of 40", failure.getMessage());
      assertThrows(IllegalArgumentException.class, () -> PanelPacker.pack(rows, panels, 0, 24));
      assertThrows(IndexOutOfBoundsException.class, () -> PanelPacker.pack(rows, panels, 32, 16));
      MemorySegment tooShort = rows.asSlice(0, rows.byteSize() - 1);
      assertThrows(
          IndexOutOfBoundsException.class, () -> PanelPacker.pack(tooShort, panels, 0, 40));
    }
  }

  @ParameterizedTest
  @MethodSource("goldenFormats")
  void filesOfOthersAreReadAsTheyWereMeant(String name) throws IOException {
    var quantizedPath = TestData.file("golden", "formats", "tiny-" + name + ".gguf");
    var originalPath = TestData.file("golden", "formats-f32", "tiny-F32.gguf");
    try (Gguf quantized = Gguf.open(quantizedPath);
        Gguf original = Gguf.open(originalPath);
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      double noise = 0;
      double power = 0;
      for (TensorEntry tensor : quantized.tensors()) {
        if (tensor.type() == DType.F32) {
          continue;
        }
        RawRows raw = read(quantized, tensor);
        float[] weights = assertRowsEqual(raw.weights(), raw.pack(region));
        float[] meant = read(original, original.tensor(tensor.name()).orElseThrow()).weights();
        for (int i = 0; i < weights.length; i++) {
          noise += Math.pow(weights[i] - meant[i], 2);
          power += Math.pow(meant[i], 2);
        }
      }
      double rounding = Math.sqrt(noise / power);
      assertTrue(rounding < ROUNDING_MAX.get(name), name + " is off by " + rounding);
    }
  }

  private static RawRows read(Gguf file, TensorEntry tensor) throws IOException {
    byte[] bytes = new byte[Math.toIntExact(tensor.bytes())];
    file.read(tensor, 0, MemorySegment.ofArray(bytes));
    int rows = Math.toIntExact(tensor.shape().rows());
    return RawRows.of(tensor.type(), rows, Math.toIntExact(tensor.shape().columns()), bytes);
  }

  /// @return the rows as they came back
  private static float[] assertRowsEqual(float[] expected, Panels panels) {
    float[] actual = new float[expected.length];
    MemorySegment target = MemorySegment.ofArray(actual);
    for (int row = 0; row < panels.rows(); row++) {
      PanelPacker.unpackRow(panels, row, target, (long) row * panels.size());
    }
    assertArrayEquals(bits(expected), bits(actual), () -> panels.type() + " rows differ");
    return actual;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
