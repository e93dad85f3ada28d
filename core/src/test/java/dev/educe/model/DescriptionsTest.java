package dev.educe.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.MetadataValue;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/// Every description, run in double precision, gives the logits that llama.cpp gave for a
/// checkpoint of its family, and sensible ones for what no golden file has.
class DescriptionsTest {
  @TempDir private Path folder;

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

  static Stream<String> names() {
    return Architectures.ALL.stream().flatMap(known -> known.names().stream()).sorted();
  }

  @ParameterizedTest
  @MethodSource("names")
  void everyWeightOfATinyCheckpointMatters(String name) throws IOException {
    var checkpoint = TinyCheckpoints.of(name, DType.F32).withOptional("");
    try (var file = Gguf.open(checkpoint.write(folder.resolve("full.gguf")))) {
      var optional =
          Architectures.describe(file.metadata()).weights().stream()
              .filter(WeightSpec::optional)
              .map(WeightSpec::name)
              .toList();
      var all = logits(file, _ -> true);
      assertTrue(Arrays.stream(all).flatMapToDouble(Arrays::stream).allMatch(Double::isFinite));
      for (var without : optional) {
        assertTrue(distance(all, logits(file, n -> !n.equals(without))) > 1e-9, without);
      }
    }
  }

  @Test
  void expertsApartGiveWhatStackedOnesGive() throws IOException {
    var mixture = TinyCheckpoints.of("llama", DType.F32).withExperts(3, 2);
    var apart = new ArrayList<GgufWriter.Tensor>();
    for (var tensor : mixture.tensors()) {
      var dimensions = tensor.shape().dimensions();
      if (dimensions.size() < 3) {
        apart.add(tensor);
        continue;
      }
      var whole = new ByteArrayOutputStream();
      tensor.content().writeTo(Channels.newChannel(whole));
      int bytes = whole.size() / 3;
      for (int expert = 0; expert < 3; expert++) {
        var part = ByteBuffer.wrap(whole.toByteArray(), expert * bytes, bytes);
        apart.add(
            new GgufWriter.Tensor(
                tensor.name().replace("_exps.", "." + expert + "."),
                tensor.type(),
                new Shape(dimensions.subList(1, 3)),
                target -> target.write(part)));
      }
    }
    var path = folder.resolve("apart.gguf");
    var metadata = mixture.metadata();
    var values = new LinkedHashMap<String, MetadataValue>();
    metadata.keys().forEach(key -> values.put(key, metadata.find(key).orElseThrow()));
    GgufWriter.write(path, values, apart);
    try (var stacked = Gguf.open(mixture.write(folder.resolve("stacked.gguf")));
        var separate = Gguf.open(path)) {
      assertEquals(0, distance(logits(stacked, _ -> true), logits(separate, _ -> true)));
    }
  }

  /// Of a few tokens, with the tensors whose names are wanted.
  private static double[][] logits(Gguf file, Predicate<String> wanted) throws IOException {
    var decoder = Architectures.describe(file.metadata());
    var tensors = file.tensors().stream().filter(tensor -> wanted.test(tensor.name())).toList();
    var weights = Weights.bind("tiny.gguf", decoder, tensors, type -> type == DType.F32);
    return new ReferenceDecoder(decoder, weights, file).logits(new int[] {1, 65, 270, 66, 280});
  }

  private static double distance(double[][] a, double[][] b) {
    double worst = 0;
    for (int row = 0; row < a.length; row++) {
      for (int i = 0; i < a[row].length; i++) {
        worst = Math.max(worst, Math.abs(a[row][i] - b[row][i]));
      }
    }
    return worst;
  }
}
