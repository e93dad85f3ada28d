package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares with files that llama.cpp quantized from one F32 original.
class GoldenEncodingTest {
  @ParameterizedTest
  @ValueSource(strings = {"Q8_0", "Q4_0", "F16", "BF16"})
  void plainFormatsAreTheSameBytes(String name) throws IOException {
    int tensors = 0;
    try (var original = original();
        var golden = golden(name)) {
      for (TensorEntry expected : golden.tensors()) {
        if (expected.type() == DType.F32) {
          continue;
        }
        var bytes = new byte[(int) expected.bytes()];
        golden.read(expected, 0, MemorySegment.ofArray(bytes));
        assertArrayEquals(
            bytes, encoded(original, expected.name(), expected.type()), expected.name());
        tensors++;
      }
    }
    assertTrue(tensors >= 8, "only " + tensors + " tensors were compared");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Q6_K", "Q5_K_S", "Q4_K_S", "Q3_K_S", "Q2_K", "IQ4_NL", "IQ4_XS", "Q4_1", "Q5_0", "Q5_1"
      })
  void noTensorIsFurtherFromTheOriginal(String name) throws IOException {
    var worse = new ArrayList<String>();
    int tensors = 0;
    try (var original = original();
        var golden = golden(name)) {
      for (TensorEntry theirs : golden.tensors()) {
        if (theirs.type() == DType.F32) {
          continue;
        }
        float[] x = floats(original, theirs.name());
        float[] expected = floats(golden, theirs.name());
        var ours = new float[x.length];
        int columns = (int) theirs.shape().columns();
        byte[] bytes = encoded(original, theirs.name(), theirs.type());
        RowReader.decode(
            theirs.type(), MemorySegment.ofArray(bytes), x.length / columns, columns, ours);
        double ratio = squaredError(x, ours) / squaredError(x, expected);
        if (ratio > 1) {
          worse.add(theirs.name() + " as " + theirs.type() + ": " + ratio);
        }
        tensors++;
      }
    }
    assertTrue(worse.isEmpty(), String.join("\n", worse));
    assertTrue(tensors >= 8, "only " + tensors + " tensors were compared");
  }

  private static Gguf original() throws IOException {
    return Gguf.open(TestData.file("golden", "formats-f32", "tiny-F32.gguf"));
  }

  private static Gguf golden(String name) throws IOException {
    return Gguf.open(TestData.file("golden", "formats", "tiny-" + name + ".gguf"));
  }

  private static byte[] encoded(Gguf original, String name, DType type) throws IOException {
    var tensor = original.tensor(name).orElseThrow();
    int rows = (int) tensor.shape().rows();
    var encoder = RowEncoder.of(type, (int) tensor.shape().columns());
    var bytes = new byte[rows * encoder.rowBytes()];
    encoder.encode(floats(original, name), rows, bytes);
    return bytes;
  }

  private static float[] floats(Gguf file, String name) throws IOException {
    var tensor = file.tensor(name).orElseThrow();
    var floats = new float[(int) tensor.shape().elements()];
    new RowReader(file, tensor).read(0, (int) tensor.shape().rows(), floats);
    return floats;
  }

  private static double squaredError(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double rest = (double) x[i] - y[i];
      sum += rest * rest;
    }
    return sum;
  }
}
