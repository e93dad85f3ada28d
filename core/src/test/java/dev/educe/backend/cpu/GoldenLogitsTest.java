package dev.educe.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KvType;
import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import dev.educe.testing.Models;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Compares logits with those of another engine, for every weight format and every family.
class GoldenLogitsTest {
  private static final int[] TOKENS = {1, 403, 407, 261, 378, 432, 383, 286, 261, 376, 298, 315};
  private static final CpuExecutor.Options DEQUANTIZED =
      new CpuExecutor.Options(KvType.F32, 8, 64, 256, 64, 64, true);
  private static final CpuExecutor.Options AS_STORED =
      new CpuExecutor.Options(KvType.F32, 8, 64, 256, 64, 64, false);

  @TestFactory
  List<DynamicTest> everyFormatAgreesWithTheReference() throws IOException {
    Path folder = TestData.file("golden", "formats");
    var tests = new ArrayList<DynamicTest>();
    for (DType type : PanelLayout.supported()) {
      String name = fileName(type);
      Path file = folder.resolve("tiny-" + name + ".gguf");
      if (!Files.exists(file)) {
        continue; // F32 has a folder of its own, and no logits
      }
      tests.add(DynamicTest.dynamicTest(name, () -> check(file)));
    }
    assertTrue(tests.size() >= 14, "only " + tests.size() + " formats were found");
    return tests;
  }

  private static String fileName(DType type) {
    return switch (type) {
      case Q3_K, Q4_K, Q5_K -> type + "_S";
      default -> type.name();
    };
  }

  private static void check(Path file) throws IOException {
    float[][] expected = golden(file, TOKENS.length, 512);
    for (String kernels : List.of("scalar", "vector", "")) {
      try (var model = Models.open(file, kernels, 2, DEQUANTIZED)) {
        double off = largestDifference(expected, model.logits(TOKENS, 64)) / deviation(expected);
        assertTrue(off <= 1e-4, kernels + " dequantized differs by " + off + " deviations");
      }
      try (var model = Models.open(file, kernels, 2, AS_STORED)) {
        float[][] found = model.logits(TOKENS, 64);
        for (int row = 0; row < expected.length; row++) {
          double cosine = cosine(expected[row], found[row]);
          assertTrue(cosine >= 0.9990, kernels + " row " + row + " has cosine " + cosine);
        }
        double off = largestDifference(expected, found);
        assertTrue(off <= 0.2, kernels + " differs by " + off);
      }
    }
  }

  @TestFactory
  List<DynamicTest> everyFamilyAgreesWithTheReference() throws IOException {
    Path manifest = TestData.file("golden", "arch", "manifest.json");
    JsonNode files = JsonMapper.shared().readTree(Files.readString(manifest)).get("files");
    var tests = new ArrayList<DynamicTest>();
    for (var entry : files.properties()) {
      Path file = manifest.resolveSibling(entry.getValue().get("file").asString());
      tests.add(DynamicTest.dynamicTest(entry.getKey(), () -> check(file, entry.getValue())));
    }
    assertTrue(tests.size() >= 12, "only " + tests.size() + " families were found");
    return tests;
  }

  private static void check(Path file, JsonNode golden) throws IOException {
    int[] tokens =
        IntStream.range(0, golden.get("tokens").size())
            .map(i -> golden.get("tokens").get(i).asInt())
            .toArray();
    double allowed =
        golden.path("suggested_tolerance_over_std").asDouble(0.01) * golden.get("std").asDouble();
    float[][] expected = golden(file, tokens.length, golden.get("shape").get(1).asInt());
    for (String kernels : List.of("scalar", "vector", "")) {
      try (var model = Models.open(file, kernels, 2, AS_STORED)) {
        double off = largestDifference(expected, model.logits(tokens, 64));
        assertTrue(off <= allowed, kernels + " differs by " + off + ", allowed " + allowed);
      }
    }
  }

  private static float[][] golden(Path file, int positions, int vocabulary) throws IOException {
    String name = file.getFileName().toString().replace(".gguf", ".logits.bin");
    var floats =
        ByteBuffer.wrap(Files.readAllBytes(file.resolveSibling(name)))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    var logits = new float[positions][vocabulary];
    for (float[] row : logits) {
      floats.get(row);
    }
    assertTrue(!floats.hasRemaining(), "the reference has another shape");
    return logits;
  }

  private static double largestDifference(float[][] a, float[][] b) {
    double largest = 0;
    for (int row = 0; row < a.length; row++) {
      for (int i = 0; i < a[row].length; i++) {
        double difference = Math.abs((double) a[row][i] - b[row][i]);
        largest = Double.isNaN(difference) ? Double.NaN : Math.max(largest, difference);
      }
    }
    return largest;
  }

  private static double deviation(float[][] rows) {
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (float[] row : rows) {
      for (float value : row) {
        sum += value;
        squares += (double) value * value;
        count++;
      }
    }
    double mean = sum / count;
    return Math.sqrt(squares / count - mean * mean);
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }
}
