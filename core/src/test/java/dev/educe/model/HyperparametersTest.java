package dev.educe.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.testing.Allocations;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Impossible numbers are refused by name before anything is allocated for them.
@ExtendWith(Seeded.class)
class HyperparametersTest {
  private static final double NAN = Double.NaN;
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  static Stream<Arguments> impossible() {
    return Stream.of(
        Arguments.of("attention.head_count", integer(0)),
        Arguments.of("attention.head_count", integer(3)), // does not divide 64
        Arguments.of("attention.head_count", integer(1 << 20)),
        Arguments.of("attention.head_count_kv", integer(0)),
        Arguments.of("attention.head_count_kv", integer(3)),
        Arguments.of("attention.head_count_kv", integer(8)),
        Arguments.of("attention.head_count_kv", integers(2, 2, 2)),
        Arguments.of("attention.head_count_kv", integers(2, 0)),
        Arguments.of("attention.key_length", integer(0)),
        Arguments.of("attention.key_length", integer(1L << 32)),
        Arguments.of("rope.dimension_count", integer(8)),
        Arguments.of("rope.dimension_count", integer(17)),
        Arguments.of("context_length", integer(0)),
        Arguments.of("context_length", integer(1L << 31)),
        Arguments.of("embedding_length", integer(-1)),
        Arguments.of("embedding_length", integer(Long.MAX_VALUE)),
        Arguments.of("feed_forward_length", integer(0)),
        Arguments.of("block_count", integer(0)),
        Arguments.of("block_count", integer(1_000_000)),
        Arguments.of("vocab_size", integer(7)),
        Arguments.of("attention.layer_norm_rms_epsilon", number(0)),
        Arguments.of("attention.layer_norm_rms_epsilon", number(-1e-5)),
        Arguments.of("attention.layer_norm_rms_epsilon", number(NAN)),
        Arguments.of("rope.freq_base", number(0)),
        Arguments.of("rope.freq_base", number(1)),
        Arguments.of("rope.freq_base", number(NAN)),
        Arguments.of("rope.freq_base", number(INFINITY)),
        Arguments.of("rope.scaling.factor", number(-2)),
        Arguments.of("rope.scaling.factor", number(NAN)),
        Arguments.of("rope.scaling.attn_factor", number(0)),
        Arguments.of("attention.scale", number(INFINITY)),
        Arguments.of("attention.sliding_window", integer(-1)),
        Arguments.of("expert_used_count", integer(2)), // of no experts
        Arguments.of("expert_count", integer(1 << 30)));
  }

  @ParameterizedTest
  @MethodSource("impossible")
  void impossibleNumbersAreNamed(String key, MetadataValue value) throws Throwable {
    var metadata = TinyCheckpoints.of("llama", DType.F32).with(key, value).metadata();
    long bytes =
        Allocations.of(() -> {
          var refusal =
              assertThrows(ModelFormatException.class, () -> Architectures.describe(metadata));
          assertTrue(
              refusal.getMessage().startsWith("tiny.gguf: the metadata key 'llama." + key + "'"),
              refusal.getMessage());
        });
    assertTrue(bytes < 4 << 20, "allocated " + bytes);
  }

  @Test
  void expertCountsMustFitTogether() {
    for (int used : List.of(0, 5, 1_025)) {
      var metadata = TinyCheckpoints.of("qwen3moe", DType.F32).withExperts(4, used).metadata();
      var refusal =
          assertThrows(ModelFormatException.class, () -> Architectures.describe(metadata));
      assertTrue(refusal.getMessage().contains("'qwen3moe.expert_used_count'"));
    }
    // Nothing would be left for an expert.
    var none =
        TinyCheckpoints.of("qwen3moe", DType.F32)
            .withExperts(4, 3)
            .without("expert_feed_forward_length")
            .with("feed_forward_length", 2)
            .metadata();
    assertThrows(ModelFormatException.class, () -> Architectures.describe(none));
  }

  @Test
  void aMessageSaysWhatIsAllowedAndWhatWasFound() {
    var metadata = TinyCheckpoints.of("llama", DType.F32).with("block_count", 1_000_000).metadata();
    assertEquals(
        "tiny.gguf: the metadata key 'llama.block_count' must be an integer from 1 to 1,024, found"
            + " 1000000",
        assertThrows(ModelFormatException.class, () -> Architectures.describe(metadata))
            .getMessage());
  }

  @Test
  void eachKeyOfEachWrongTypeIsNamed() {
    var valid = values(TinyCheckpoints.of("llama", DType.F32).metadata());
    List<MetadataValue> types =
        List.of(
            integer(2),
            number(2),
            new MetadataValue.Number(true, 2),
            new MetadataValue.Flag(true),
            new MetadataValue.Text("2"),
            integers(2),
            new MetadataValue.Numbers(false, new double[] {2, 2}),
            new MetadataValue.Flags(new boolean[] {true, true}),
            new MetadataValue.Texts(List.of("2", "2")),
            new MetadataValue.Nested(List.of(integers(2))));
    var required = new ArrayList<>(valid.keySet());
    required.removeIf(key -> key.startsWith("tokenizer.") || key.equals("general.name"));
    assertEquals(9, required.size());
    for (var key : required) {
      for (var type : types) {
        if (type.getClass() == valid.get(key).getClass()) {
          continue;
        }
        var wrong = new LinkedHashMap<>(valid);
        wrong.put(key, type);
        var refusal =
            assertThrows(
                ModelFormatException.class,
                () -> Architectures.describe(new Metadata("wrong.gguf", wrong)),
                () -> key + " as " + type.describe());
        assertTrue(refusal.getMessage().contains("'" + key + "'"), refusal.getMessage());
      }
    }
  }

  @Test
  void eachKeyThatMustBeThereIsMissed() {
    var valid = values(TinyCheckpoints.of("llama", DType.F32).metadata());
    for (var key :
        List.of(
            "general.architecture",
            "llama.block_count",
            "llama.context_length",
            "llama.embedding_length",
            "llama.feed_forward_length",
            "llama.attention.head_count",
            "llama.attention.layer_norm_rms_epsilon")) {
      var without = new LinkedHashMap<>(valid);
      without.remove(key);
      var refusal =
          assertThrows(
              ModelFormatException.class,
              () -> Architectures.describe(new Metadata("short.gguf", without)));
      assertTrue(refusal.getMessage().contains("'" + key + "'"), refusal.getMessage());
    }
  }

  @Test
  void whatIsAbsentHasTheUsualValue() throws ModelFormatException {
    var values = values(TinyCheckpoints.of("llama", DType.F32).metadata());
    values.keySet().removeAll(List.of("llama.attention.head_count_kv", "llama.rope.freq_base"));
    var h = Hyperparameters.of(new Metadata("plain.gguf", values));
    assertEquals(4, h.kvHeads(0));
    assertEquals(16, h.headSize());
    assertEquals(16, h.ropeDimensions());
    assertEquals(10_000, h.ropeTheta());
    assertEquals(256, h.originalContextLength());
    assertEquals(292, h.vocabularySize());
  }

  @Test
  void withoutAVocabularyItsSizeIsAKey() throws ModelFormatException {
    var values = values(TinyCheckpoints.of("llama", DType.F32).with("vocab_size", 7).metadata());
    values.keySet().removeIf(key -> key.startsWith("tokenizer."));
    assertEquals(7, Hyperparameters.of(new Metadata("bare.gguf", values)).vocabularySize());
  }

  @Test
  void layersMayDifferInHeadsAndSize() throws ModelFormatException {
    var checkpoint =
        TinyCheckpoints.of("llama", DType.F32)
            .with("attention.head_count_kv", integers(4, 1))
            .with("feed_forward_length", integers(64, 96));
    var decoder = Architectures.describe(checkpoint.metadata());
    assertEquals(2 * (4 + 1) * 16, decoder.kvElementsPerToken());
    var up = decoder.weights().stream().filter(spec -> spec.name().endsWith("ffn_up.weight"));
    assertEquals(List.of(64L, 96L), up.map(spec -> spec.shape().rows()).toList());
  }

  @Test
  void keysAndValuesOfDifferentSizesAreNotSupported() {
    var metadata =
        TinyCheckpoints.of("llama", DType.F32)
            .with("attention.key_length", 16)
            .with("attention.value_length", 32)
            .metadata();
    assertEquals(
        "tiny.gguf: keys of 16 values and values of 32 are not supported; both must have the same"
            + " size",
        assertThrows(UnsupportedModelException.class, () -> Architectures.describe(metadata))
            .getMessage());
  }

  @Test
  void anyNumbersAtAllAreDescribedOrRefused(Random random) {
    var keys =
        List.of(
            "block_count",
            "context_length",
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "attention.value_length",
            "rope.dimension_count",
            "expert_count",
            "expert_used_count",
            "expert_feed_forward_length",
            "attention.sliding_window",
            "vocab_size",
            "rope.scaling.original_context_length");
    long[] numbers = {
      0, 1, 2, 3, 4, 8, 16, 64, 255, 1_024, 1_025, 1 << 20, -1, 1L << 31, 1L << 40, Long.MIN_VALUE
    };
    int described = 0;
    for (int round = 0; round < 1_000; round++) {
      var name = random.nextBoolean() ? "llama" : "qwen3moe";
      var checkpoint = TinyCheckpoints.of(name, DType.F32);
      for (int i = random.nextInt(4); i >= 0; i--) {
        var key = keys.get(random.nextInt(keys.size()));
        checkpoint.with(key, integer(numbers[random.nextInt(numbers.length)]));
      }
      try {
        Architectures.describe(checkpoint.metadata());
        described++;
      } catch (ModelFormatException | UnsupportedModelException refused) {
        assertTrue(refused.getMessage().startsWith("tiny.gguf: "), refused.getMessage());
      }
    }
    assertTrue(described > 0, "nothing was described");
  }

  private static MetadataValue integer(long value) {
    return new MetadataValue.Int(MetadataValue.IntType.INT64, value);
  }

  private static MetadataValue integers(long... values) {
    return new MetadataValue.Ints(MetadataValue.IntType.INT64, values);
  }

  private static MetadataValue number(double value) {
    return new MetadataValue.Number(false, value);
  }

  private static Map<String, MetadataValue> values(Metadata metadata) {
    var values = new LinkedHashMap<String, MetadataValue>();
    metadata.keys().forEach(key -> values.put(key, metadata.find(key).orElseThrow()));
    return values;
  }
}
