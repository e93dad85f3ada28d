package dev.educe.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Every description, run in double precision, gives the logits that llama.cpp gave for a
/// checkpoint of its family.
class GoldenArchitecturesTest {
  @TestFactory
  List<DynamicTest> aDescriptionComputesWhatLlamaCppDoes() throws IOException {
    var manifest = new ObjectMapper().readTree(TestData.file("golden", "arch", "manifest.json"));
    return manifest.get("files").properties().stream()
        .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> compare(entry.getValue())))
        .toList();
  }

  private static void compare(JsonNode golden) throws IOException {
    var name = golden.get("file").asString();
    int[] tokens =
        StreamSupport.stream(golden.get("tokens").spliterator(), false)
            .mapToInt(JsonNode::asInt)
            .toArray();
    var expected =
        ByteBuffer.wrap(
                Files.readAllBytes(
                    TestData.file("golden", "arch", name.replace(".gguf", ".logits.bin"))))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    try (var file = Gguf.open(TestData.file("golden", "arch", name))) {
      var decoder = Architectures.describe(file.metadata());
      var weights = Weights.bind(name, decoder, file.tensors(), type -> type == DType.F32);
      assertEquals(List.of(), weights.surplus());
      var logits = new ReferenceDecoder(decoder, weights, file).logits(tokens);
      double worst = 0;
      for (var row : logits) {
        for (double logit : row) {
          worst = Math.max(worst, Math.abs(logit - expected.get()));
        }
      }
      assertEquals(0, expected.remaining());
      double allowed = golden.path("suggested_tolerance_over_std").asDouble(0.01);
      double overDeviation = worst / golden.get("std").asDouble();
      assertTrue(overDeviation <= allowed, overDeviation + " of the deviation is over " + allowed);
    }
  }

  @Test
  void everyWeightFormatsCheckpointBinds() throws IOException {
    try (var files = Files.list(TestData.file("golden", "formats"))) {
      for (var path : files.filter(path -> path.toString().endsWith(".gguf")).toList()) {
        try (var file = Gguf.open(path)) {
          var decoder = Architectures.describe(file.metadata());
          var weights = Weights.bind(path.toString(), decoder, file.tensors(), _ -> true);
          assertEquals(List.of(), weights.surplus(), path.toString());
        }
      }
    }
  }
}
