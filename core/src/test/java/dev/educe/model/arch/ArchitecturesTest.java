package dev.educe.model.arch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.UnsupportedModelException;
import dev.educe.model.Attention;
import dev.educe.model.Experts;
import dev.educe.model.Weights;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class ArchitecturesTest {
  @TempDir private Path folder;

  static Stream<String> names() {
    return Architectures.ALL.stream().flatMap(known -> known.names().stream()).sorted();
  }

  @ParameterizedTest
  @MethodSource("names")
  void theInventoryIsThatOfTheFile(String name) throws IOException {
    var checkpoint = TinyCheckpoints.of(name, DType.F32);
    try (var file = Gguf.open(checkpoint.write(folder.resolve("tiny.gguf")))) {
      var decoder = Architectures.describe(file.metadata());
      var weights = Weights.bind("tiny.gguf", decoder, file.tensors(), type -> type == DType.F32);
      assertEquals(file.tensors().size(), weights.all().size());
      assertTrue(weights.surplus().isEmpty());
      assertEquals(weights.parameters() * 4, weights.bytes());
      // Keys and values of two heads of 16 values, in two layers.
      assertEquals(2 * 2 * 2 * 16, decoder.kvElementsPerToken());
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {
        "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q2_K", "Q3_K", "Q4_K", "Q5_K",
        "Q6_K", "IQ4_NL", "IQ4_XS"
      })
  void anyTypeOfWeightsFindsItsPlace(DType type) throws IOException {
    var checkpoint = TinyCheckpoints.of("qwen3moe", type);
    try (var file = Gguf.open(checkpoint.write(folder.resolve("tiny.gguf")))) {
      var decoder = Architectures.describe(file.metadata());
      var weights = Weights.bind("tiny.gguf", decoder, file.tensors(), type::equals);
      assertEquals(type, weights.output().type());
    }
  }

  @Test
  void familiesDifferInTheWeightsThatPapersSay() throws IOException {
    Map<String, String> has =
        Map.of(
            "llama", "rope_freqs.weight",
            "mistral3", "rope_freqs.weight",
            "qwen2", "blk.1.attn_q.bias",
            "qwen3", "blk.1.attn_q_norm.weight",
            "qwen3moe", "blk.1.ffn_gate_inp.weight");
    assertEquals(names().collect(Collectors.toSet()), has.keySet());
    for (var entry : has.entrySet()) {
      var specs =
          Architectures.describe(TinyCheckpoints.of(entry.getKey(), DType.F32).metadata())
              .weights();
      assertTrue(
          specs.stream().anyMatch(spec -> spec.name().equals(entry.getValue())), entry.getKey());
    }
    var required = TinyCheckpoints.of("qwen2", DType.F32).tensors().stream();
    assertEquals(6, required.filter(tensor -> tensor.name().endsWith(".bias")).count());
  }

  @Test
  void anUnknownArchitectureIsToldWhatThereIs() {
    var checkpoint = TinyCheckpoints.of("perceptron", DType.F32);
    var refusal =
        assertThrows(
            UnsupportedModelException.class, () -> Architectures.describe(checkpoint.metadata()));
    assertEquals(
        "tiny.gguf: the architecture 'perceptron' is not supported; there are llama, mistral3,"
            + " parallel, qwen2, qwen3, qwen3moe, registered",
        refusal.getMessage());
  }

  @Test
  void othersMayRegisterTheirs() throws IOException {
    var checkpoint = TinyCheckpoints.of("registered", DType.F32);
    var decoder = Architectures.describe(checkpoint.metadata());
    assertEquals(0, decoder.kvElementsPerToken());
    assertEquals(
        decoder.weights().stream().filter(spec -> spec.name().startsWith("blk.1.")).count(), 7);
  }

  @ParameterizedTest
  @CsvSource({
    "llama, logit_scale, 0.5",
    "llama, attn_logit_softcapping, 30",
    "llama, attention.temperature_scale, 0.1",
    "llama, rope.scaling.yarn_attn_factor, 0.9",
    "llama, rope.freq_base_swa, 10000",
    "qwen3moe, router_logit_softcapping, 1",
    "mistral3, residual_scale, 0.25"
  })
  void aKeyThatWouldChangeTheResultIsRefused(String name, String key, double value) {
    var metadata = TinyCheckpoints.of(name, DType.F32).with(key, value).metadata();
    var refusal =
        assertThrows(UnsupportedModelException.class, () -> Architectures.describe(metadata));
    assertEquals(
        "tiny.gguf: '%s.%s' is float32 %s, which changes what the model computes and is not"
                .formatted(name, key, (double) (float) value)
            + " supported for "
            + name,
        refusal.getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "qwen2, expert_count, 4",
    "qwen3moe, expert_gating_func, 2",
    "qwen3moe, expert_shared_count, 1",
    "llama, leading_dense_block_count, 1",
    "qwen3, nextn_predict_layers, 1"
  })
  void aKindOfLayerThatIsNotThereIsRefused(String name, String key, int value) {
    var metadata = TinyCheckpoints.of(name, DType.F32).with(key, value).metadata();
    assertThrows(UnsupportedModelException.class, () -> Architectures.describe(metadata));
  }

  @Test
  void aKeyAtAValueThatChangesNothingIsFine() throws IOException {
    var metadata =
        TinyCheckpoints.of("qwen3", DType.F32)
            .with("logit_scale", 1.0)
            .with("attention.clamp_kqv", 0.0)
            .with("expert_gating_func", 1)
            .with("nextn_predict_layers", 0)
            .metadata();
    assertEquals(2, Architectures.describe(metadata).layers().size());
  }

  @Test
  void aMixtureSaysHowItsSharesAreMade() throws IOException {
    var checkpoint =
        TinyCheckpoints.of("qwen3moe", DType.F32).without("expert_feed_forward_length");
    var usual = experts(checkpoint);
    assertTrue(usual.renormalized());
    assertEquals(1, usual.weightsScale());
    assertEquals(96 / 2, usual.intermediateSize());
    var other =
        experts(
            checkpoint
                .with("expert_weights_norm", new dev.educe.format.MetadataValue.Flag(false))
                .with("expert_weights_scale", 2.5)
                .with("expert_feed_forward_length", 32));
    assertFalse(other.renormalized());
    assertEquals(2.5f, other.weightsScale());
    assertEquals(32, other.intermediateSize());
  }

  private static Experts experts(TinyCheckpoints checkpoint) throws IOException {
    var layer = Architectures.describe(checkpoint.metadata()).layers().getFirst();
    return (Experts) layer.steps().get(1).branches().getFirst().op();
  }

  @Test
  void scaleAndWindowComeFromTheCheckpoint() throws IOException {
    var checkpoint = TinyCheckpoints.of("llama", DType.F32);
    assertEquals(0.25f, attention(checkpoint).scale());
    assertEquals(Integer.MAX_VALUE, attention(checkpoint).window());
    checkpoint.with("attention.scale", 0.5).with("attention.sliding_window", 64);
    assertEquals(0.5f, attention(checkpoint).scale());
    assertEquals(64, attention(checkpoint).window());
  }

  @Test
  void theSameNameHasTheSameWeights() throws IOException {
    var first = TinyCheckpoints.of("llama", DType.Q4_0).write(folder.resolve("a.gguf"));
    var more = TinyCheckpoints.of("llama", DType.Q4_0).with("block_count", 3);
    assertTrue(more.tensors().size() > TinyCheckpoints.of("llama", DType.Q4_0).tensors().size());
    var second = TinyCheckpoints.of("llama", DType.Q4_0).write(folder.resolve("b.gguf"));
    assertEquals(-1, java.nio.file.Files.mismatch(first, second));
    var names = more.tensors().stream().map(GgufWriter.Tensor::name).toList();
    assertEquals(names.size(), names.stream().distinct().count());
  }

  private static Attention attention(TinyCheckpoints checkpoint) throws IOException {
    var layer = Architectures.describe(checkpoint.metadata()).layers().getFirst();
    return (Attention) layer.steps().getFirst().branches().getFirst().op();
  }
}
