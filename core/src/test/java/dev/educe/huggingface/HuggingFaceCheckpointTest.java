package dev.educe.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.educe.format.Checkpoint;
import dev.educe.format.Gguf;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.model.arch.Architectures;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.quantize.Mix;
import dev.educe.optimize.quantize.QuantizeOptions;
import dev.educe.optimize.quantize.Quantizer;
import dev.educe.tensor.DType;
import dev.educe.testing.Models;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Folders made of GGUF files become the same GGUF files.
class HuggingFaceCheckpointTest {
  private static final int[] TOKENS = {1, 261, 270, 265, 290, 262, 280, 275};

  @TempDir Path folder;

  static Stream<Arguments> families() {
    var bare = TinyCheckpoints.of("llama", DType.F32);
    return Stream.of(
        argumentSet("llama", bare, "llama"),
        argumentSet("mistral", TinyCheckpoints.of("llama", DType.BF16), "mistral"),
        argumentSet("tied", TinyCheckpoints.of("llama", DType.F16).tied(), "llama"),
        argumentSet(
            "biases", TinyCheckpoints.of("llama", DType.F32).withOptional(".bias"), "llama"),
        argumentSet("mixtral", TinyCheckpoints.of("llama", DType.F32).withExperts(4, 2), "mixtral"),
        argumentSet(
            "wide heads",
            TinyCheckpoints.of("llama", DType.F32)
                .with("attention.key_length", 32)
                .with("attention.value_length", 32),
            "llama"),
        argumentSet(
            "yarn",
            TinyCheckpoints.of("llama", DType.F32)
                .with("rope.scaling.type", "yarn")
                .with("rope.scaling.factor", 4.0)
                .with("rope.scaling.original_context_length", 64),
            "llama"),
        argumentSet(
            "linear",
            TinyCheckpoints.of("qwen2", DType.F32)
                .with("rope.scaling.type", "linear")
                .with("rope.scaling.factor", 2.0),
            "qwen2"),
        argumentSet("qwen2", TinyCheckpoints.of("qwen2", DType.BF16), "qwen2"),
        argumentSet("qwen3", TinyCheckpoints.of("qwen3", DType.F32), "qwen3"),
        argumentSet("qwen3moe", TinyCheckpoints.of("qwen3moe", DType.F32), "qwen3_moe"));
  }

  @ParameterizedTest
  @MethodSource("families")
  void aFolderBecomesTheFileItWasMadeOf(TinyCheckpoints tiny, String type) throws IOException {
    Path original = tiny.write(folder.resolve("original.gguf"));
    try (var gguf = Gguf.open(original)) {
      Path theirs = new Folder(folder.resolve("theirs"), gguf, type).sharded(3).write();
      Path converted = converted(theirs);
      same(gguf, converted);
      assertEquals(1, Gguf.openFiles(), "files are left open");
      try (var before = Models.open(original, "scalar", 1, Models.F32_KV);
          var after = Models.open(converted, "scalar", 1, Models.F32_KV)) {
        assertArrayEquals(before.logits(TOKENS, 8), after.logits(TOKENS, 8));
      }
    }
  }

  private Path converted(Path theirs) throws IOException {
    Path target = folder.resolve("converted.gguf");
    var options = QuantizeOptions.of(Mix.F32).withThreads(1);
    // What is stored in halves stays so.
    try (var quantizer = Quantizer.open(theirs, options)) {
      quantizer.write(quantizer.plan(_ -> {}), target, _ -> {});
    }
    return target;
  }

  /// Tensors and what is computed are the same, and so are the tokens of a text.
  private static void same(Gguf original, Path converted) throws IOException {
    try (var gguf = Gguf.open(converted)) {
      // Not assertEquals, whose message would be pages long.
      var described = Architectures.describe(gguf.metadata());
      assertTrue(Architectures.describe(original.metadata()).equals(described), "descriptions");
      assertEquals(names(original), names(gguf));
      for (TensorEntry tensor : gguf.tensors()) {
        assertEquals(DType.F32, tensor.type());
        TensorEntry before = original.tensor(tensor.name()).orElseThrow();
        assertEquals(before.shape(), tensor.shape(), tensor.name());
        if (before.type() == DType.F32) {
          assertArrayEquals(bytes(original, before), bytes(gguf, tensor), tensor.name());
        }
      }
      var text = "hello the world, and on <s>it</s> goes ▁ — 12345\n";
      var tokenizer = Tokenizer.of(gguf.metadata());
      assertArrayEquals(
          Tokenizer.of(original.metadata()).encode(text, true), tokenizer.encode(text, true));
    }
  }

  private static List<String> names(Checkpoint checkpoint) {
    return checkpoint.tensors().stream().map(TensorEntry::name).sorted().toList();
  }

  private static byte[] bytes(Checkpoint checkpoint, TensorEntry tensor) throws IOException {
    var bytes = new byte[(int) tensor.bytes()];
    checkpoint.read(tensor, 0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "llama, llama",
    "llama-bias, llama",
    "llama-keylen, llama",
    "llama-linear, llama",
    "llama-mha, llama",
    "llama-moe, mixtral",
    "llama-yarn, llama",
    "qwen2, qwen2",
    "qwen3, qwen3",
    "qwen3moe, qwen3_moe"
  })
  void filesOfLlamaCppSurvive(String name, String type) throws IOException {
    try (var gguf = Gguf.open(TestData.file("golden", "arch", name + ".gguf"))) {
      same(gguf, converted(new Folder(folder.resolve("theirs"), gguf, type).write()));
    }
  }

  /// A folder is calibrated on without a conversion.
  @Test
  void aFolderIsReadAsAModel() throws IOException {
    Path original = TinyCheckpoints.of("llama", DType.F16).write(folder.resolve("original.gguf"));
    try (var gguf = Gguf.open(original)) {
      Path theirs = new Folder(folder.resolve("theirs"), gguf, "llama").write();
      assertArrayEquals(logits(original), logits(theirs));
    }
  }

  private static float[] logits(Path path) throws IOException {
    var reading = ReadingOptions.defaults().withThreads(1).withContextTokens(TOKENS.length);
    try (var model = MeasuredModel.load(path, reading);
        var passage = model.read(TOKENS, 0)) {
      passage.next();
      var logits = new float[model.vocabularySize()];
      passage.copyLogits(TOKENS.length - 1, logits);
      return logits;
    }
  }

  /// Whatever the range that is asked for, the bytes are those of the whole.
  @Test
  void rangesAreWhatTheyAreInTheWhole() throws IOException {
    var tiny = TinyCheckpoints.of("llama", DType.F16).withExperts(3, 2);
    try (var gguf = Gguf.open(tiny.write(folder.resolve("original.gguf")));
        var theirs = open(new Folder(folder.resolve("theirs"), gguf, "mixtral").write())) {
      for (TensorEntry tensor : theirs.tensors()) {
        byte[] whole = bytes(gguf, gguf.tensor(tensor.name()).orElseThrow());
        assertArrayEquals(whole, bytes(theirs, tensor), tensor.name());
        for (long from = 0; from < whole.length; from += 388) {
          var part = new byte[(int) Math.min(1_212, whole.length - from)];
          theirs.read(tensor, from, MemorySegment.ofArray(part));
          assertArrayEquals(Arrays.copyOfRange(whole, (int) from, (int) from + part.length), part);
        }
      }
    }
  }

  private static HuggingFaceCheckpoint open(Path path) throws IOException {
    return HuggingFaceCheckpoint.open(path, Optional.empty());
  }

  /// The two branches and what is between, by transformers' own formula.
  @Test
  void llama3sFrequenciesAreFactors() throws IOException {
    var tiny = TinyCheckpoints.of("llama", DType.F32).with("rope.freq_base", 500_000.0);
    var scaling =
        Map.of(
            "rope_type", "llama3",
            "factor", 8.0,
            "low_freq_factor", 1.0,
            "high_freq_factor", 4.0,
            "original_max_position_embeddings", 64);
    try (var gguf = Gguf.open(tiny.write(folder.resolve("original.gguf")));
        var theirs =
            open(
                new Folder(folder.resolve("theirs"), gguf, "llama")
                    .with("rope_scaling", scaling)
                    .write())) {
      TensorEntry tensor = theirs.tensor("rope_freqs.weight").orElseThrow();
      var factors = new float[8];
      var read = MemorySegment.ofArray(factors);
      theirs.read(tensor, 0, read);
      for (int pair = 0; pair < factors.length; pair++) {
        double frequency = Math.pow(500_000, -pair / 8.0);
        double wavelength = 2 * Math.PI / frequency;
        double expected = frequency;
        if (wavelength > 64) {
          expected = frequency / 8;
        } else if (wavelength >= 16) {
          double smooth = (64 / wavelength - 1) / 3;
          expected = (1 - smooth) * frequency / 8 + smooth * frequency;
        }
        assertEquals(frequency / expected, factors[pair], 1e-5, "pair " + pair);
      }
      assertEquals(1, factors[0]);
      assertEquals(8, factors[7]);
    }
  }

  @Test
  void rolesAndTemplateComeFromTheirFiles() throws IOException {
    try (var gguf =
        Gguf.open(TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("o.gguf")))) {
      Path theirs = new Folder(folder.resolve("theirs"), gguf, "llama").write();
      Files.writeString(
          theirs.resolve("generation_config.json"), "{\"eos_token_id\": [2, 300, 7]}");
      Files.writeString(theirs.resolve("chat_template.jinja"), "{{ messages[0].content }}");
      try (var checkpoint = open(theirs)) {
        var metadata = checkpoint.metadata();
        assertEquals(1, metadata.integer("tokenizer.ggml.bos_token_id"));
        assertEquals(2, metadata.integer("tokenizer.ggml.eos_token_id"));
        assertEquals(7, metadata.integer("tokenizer.ggml.eot_token_id"));
        assertEquals(0, metadata.integer("tokenizer.ggml.unknown_token_id"));
        assertEquals("theirs", metadata.string("general.name"));
        assertEquals("{{ messages[0].content }}", metadata.string("tokenizer.chat_template"));
        assertTrue(metadata.findFlag("tokenizer.ggml.add_space_prefix").orElseThrow());
        assertFalse(metadata.keys().contains("tokenizer.ggml.merges"));
      }
    }
  }

  static Stream<Arguments> wrongFolders() {
    return Stream.of(
        argumentSet("another family", "model_type", "gemma3", "'gemma3' are not read; there are"),
        argumentSet("quantized", "quantization_config", Map.of(), "are quantized already"),
        argumentSet("activation", "hidden_act", "gelu", "'hidden_act' is 'gelu', which is not"),
        argumentSet("no layers", "num_hidden_layers", null, "'num_hidden_layers' must be an"),
        argumentSet("fewer layers", "num_hidden_layers", 1, "'model.layers.1."),
        argumentSet("more layers", "num_hidden_layers", 3, "blk.2.attn_norm.weight is missing"),
        argumentSet("a wider model", "hidden_size", 128, "token_embd.weight is ["),
        argumentSet("other heads", "num_attention_heads", 16, "attn_k.weight is ["),
        argumentSet("too few tokens", "vocab_size", 200, "but the model has 200 tokens"),
        argumentSet("negative tokens", "vocab_size", -1, "'vocab_size' must be an integer from 0"),
        argumentSet("a text", "rms_norm_eps", "small", "'rms_norm_eps' must be a number"),
        argumentSet(
            "scaling",
            "rope_scaling",
            Map.of("rope_type", "longrope"),
            "'longrope' is not supported; there are default, linear, yarn, llama3"));
  }

  @ParameterizedTest
  @MethodSource("wrongFolders")
  void whatDoesNotFitIsRefusedInASentence(String field, Object value, String fragment)
      throws IOException {
    try (var gguf =
        Gguf.open(TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("o.gguf")))) {
      Path theirs = new Folder(folder.resolve("theirs"), gguf, "llama").with(field, value).write();
      var failure = assertThrows(Exception.class, () -> open(theirs).close());
      assertTrue(
          failure instanceof ModelFormatException || failure instanceof UnsupportedModelException,
          failure::toString);
      assertTrue(failure.getMessage().contains(fragment), failure.getMessage());
      assertEquals(1, Gguf.openFiles(), "files are left open");
    }
  }

  @Test
  void whatIsMissingIsNamed() throws IOException {
    try (var gguf =
        Gguf.open(TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("o.gguf")))) {
      for (var missing : List.of("config.json", "tokenizer.json", "model.safetensors")) {
        Path theirs = new Folder(folder.resolve("without-" + missing), gguf, "llama").write();
        Files.delete(theirs.resolve(missing));
        var failure = assertThrows(NoSuchFileException.class, () -> open(theirs).close());
        assertTrue(failure.getFile().endsWith(missing), failure.getMessage());
      }
    }
  }
}
