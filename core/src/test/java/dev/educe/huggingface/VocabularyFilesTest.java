package dev.educe.huggingface;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/// `tokenizer.json` files become vocabularies that encode as their own do.
class VocabularyFilesTest {
  private static final JsonMapper JSON = new JsonMapper();

  private static final Map<String, Object> BYTE_LEVEL =
      Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", false);

  @TempDir Path folder;

  /// Real vocabularies, written as the `tokenizer.json` that they have on Hugging Face.
  @ParameterizedTest
  @ValueSource(strings = {"llama-spm", "gpt-2", "starcoder"})
  void realVocabulariesGiveTheRecordedIds(String name) throws IOException {
    Path file = TestData.file("vocab", "ggml-vocab-" + name + ".gguf");
    String[] texts = Files.readString(Path.of(file + ".inp")).split("\n__ggml_vocab_test__\n", -1);
    String[] expected = Files.readString(Path.of(file + ".out")).split("\n", -1);
    try (var gguf = Gguf.open(file)) {
      var written = new LinkedHashMap<>(Vocabularies.tokenizer(gguf.metadata()));
      switch (name) {
        case "gpt-2" ->
            written.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false));
        case "starcoder" -> {
          written.put(
              "pre_tokenizer",
              sequence(digits(), Map.of("type", "ByteLevel", "add_prefix_space", false)));
          asPairs(written);
        }
        default -> {}
      }
      Metadata metadata = read(written, Vocabularies.config(gguf.metadata()), size(gguf));
      var tokenizer = Tokenizer.of(metadata);
      for (int i = 0; i < texts.length; i++) {
        int[] ids =
            Arrays.stream(expected[i].trim().split("\\s+"))
                .filter(id -> !id.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        assertArrayEquals(ids, tokenizer.encodePlain(texts[i], false), texts[i]);
      }
      assertEquals(
          gguf.metadata().findStrings("tokenizer.ggml.tokens"),
          metadata.findStrings("tokenizer.ggml.tokens"));
    }
  }

  private static int size(Gguf gguf) throws ModelFormatException {
    return gguf.metadata().findStrings("tokenizer.ggml.tokens").orElseThrow().size();
  }

  /// Since transformers 4.45 merges are written so.
  @SuppressWarnings("unchecked")
  private static void asPairs(Map<String, Object> written) {
    var model = (Map<String, Object>) written.get("model");
    var merges = (List<String>) model.get("merges");
    model.put("merges", merges.stream().map(pair -> List.of(pair.split(" "))).toList());
  }

  private static Map<String, Object> digits() {
    return Map.of("type", "Digits", "individual_digits", true);
  }

  private static Map<String, Object> sequence(
      Map<String, Object> first, Map<String, Object> second) {
    return Map.of("type", "Sequence", "pretokenizers", List.of(first, second));
  }

  private static Map<String, Object> split(String regex) {
    return Map.of(
        "type",
        "Split",
        "pattern",
        Map.of("Regex", regex),
        "behavior",
        "Isolated",
        "invert",
        false);
  }

  /// What the `tokenizer.json` of these families have, as they write it.
  static Stream<Arguments> expressions() {
    String word = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    String rest = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    String endings = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    String cased =
        "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*"
            + "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%1$s|[^\\r\\n\\p{L}\\p{N}]?"
            + "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%1$s";
    String slashes = "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    return Stream.of(
        argumentSet(
            "Llama 3",
            true,
            List.of(split(endings + "|" + word + "|\\p{N}{1,3}" + rest)),
            "llama-bpe"),
        argumentSet(
            "DBRX", false, List.of(split(endings + "|" + word + "|\\p{N}{1,3}" + rest)), "dbrx"),
        argumentSet(
            "Qwen 2 and 3",
            false,
            List.of(split(endings + "|" + word + "|\\p{N}" + rest)),
            "qwen2"),
        argumentSet(
            "Mistral Nemo",
            false,
            List.of(split(cased.formatted("") + "|\\p{N}" + slashes)),
            "tekken"),
        argumentSet(
            "GPT-4o",
            false,
            List.of(split(cased.formatted(endings + "?") + "|\\p{N}{1,3}" + slashes)),
            "gpt-4o"),
        argumentSet(
            "DeepSeek 3",
            false,
            List.of(
                split("\\p{N}{1,3}"),
                split("[一-龥぀-ゟ゠-ヿ]+"),
                split(
                    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
                        + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*"
                        + "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")),
            "deepseek-v3"));
  }

  @ParameterizedTest
  @MethodSource("expressions")
  void familiesAreRecognizedByTheirExpressions(
      boolean wholeWords, List<Map<String, Object>> splits, String name) throws IOException {
    var steps = new ArrayList<>(splits);
    steps.add(BYTE_LEVEL);
    var file = tiny();
    file.put("pre_tokenizer", Map.of("type", "Sequence", "pretokenizers", steps));
    model(file).put("ignore_merges", wholeWords);
    assertEquals(name, read(file, Map.of(), 6).string("tokenizer.ggml.pre"));
  }

  @Test
  void anUnknownWayToCutIsRefusedUnlessNamed() throws IOException {
    var file = tiny();
    file.put("pre_tokenizer", sequence(split("\\w+"), BYTE_LEVEL));
    var failure = assertThrows(UnsupportedModelException.class, () -> read(file, Map.of(), 6));
    assertTrue(failure.getMessage().contains("give that name by --pre, one of"));
    assertTrue(failure.getMessage().contains("llama-bpe"), failure.getMessage());
    assertEquals(
        "qwen2", read(file, Map.of(), 6, Optional.of("qwen2")).string("tokenizer.ggml.pre"));
    assertThrows(
        UnsupportedModelException.class, () -> read(file, Map.of(), 6, Optional.of("qwen9")));
  }

  /// Two bytes, their pair, and added tokens: one in the middle of nowhere, one without a row.
  private static LinkedHashMap<String, Object> tiny() {
    var model = new LinkedHashMap<String, Object>();
    model.put("type", "BPE");
    model.put("vocab", Map.of("a", 0, "b", 1, "ab", 2));
    model.put("merges", List.of("a b"));
    var file = new LinkedHashMap<String, Object>();
    file.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false));
    file.put(
        "added_tokens",
        List.of(
            Map.of("id", 3, "content", "<|end|>", "special", false),
            Map.of("id", 5, "content", "<tool▁call>", "special", false),
            Map.of("id", 9, "content", "<none>", "special", true)));
    file.put("model", model);
    return file;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> model(Map<String, Object> file) {
    return (Map<String, Object>) file.get("model");
  }

  @Test
  void tokensWithoutTextHoldPlaces() throws IOException {
    Metadata metadata = read(tiny(), Map.of("eos_token", "<|end|>"), 7);
    assertEquals(
        List.of("a", "b", "ab", "<|end|>", "[PAD4]", "<tool call>", "[PAD6]"),
        metadata.findStrings("tokenizer.ggml.tokens").orElseThrow());
    assertArrayEquals(
        new long[] {1, 1, 1, 3, 5, 4, 5},
        metadata.findIntegers("tokenizer.ggml.token_type").orElseThrow());
    assertEquals("gpt-2", metadata.string("tokenizer.ggml.pre"));
    var tokenizer = Tokenizer.of(metadata);
    assertArrayEquals(new int[] {2, 3, 0}, tokenizer.encode("ab<|end|>a", true));
  }

  static Stream<Arguments> wrongFiles() {
    return Stream.of(
        argumentSet("no JSON", "{\"model\": ", "is not valid JSON"),
        argumentSet("twice", "{\"model\": {}, \"model\": {}}", "is not valid JSON: Duplicate"),
        argumentSet("a list", "[]", "is not a JSON object"),
        argumentSet("deep", "{\"a\":" + "[".repeat(100_000), "is not valid JSON"),
        argumentSet("a huge number", "{\"a\":" + "1".repeat(200) + "}", "is not valid JSON"),
        argumentSet("no model", "{}", "'model' must be an object"),
        argumentSet("Unigram", "{\"model\":{\"type\":\"Unigram\"}}", "'Unigram' are not supported"),
        argumentSet("no vocabulary", bpe("\"merges\":[]"), "'model.vocab' must be an object"),
        argumentSet("an id too large", bpe("\"vocab\":{\"a\":7}"), "'a' has the id 7, but the"),
        argumentSet("a negative id", bpe("\"vocab\":{\"a\":-1}"), "'a' has the id -1"),
        argumentSet("a text as id", bpe("\"vocab\":{\"a\":\"b\"}"), "'a' must be an integer"),
        argumentSet("one id for two", bpe("\"vocab\":{\"a\":1,\"b\":1}"), "have the same id 1"),
        argumentSet("one text merged", bpe("\"vocab\":{\"a\":1},\"merges\":[\"a\"]"), "pairs of"),
        argumentSet("three merged", bpe("\"vocab\":{},\"merges\":[[\"a\",\"b\",\"c\"]]"), "pairs"),
        argumentSet(
            "no bytes", "{\"model\":{\"type\":\"BPE\"}}", "neither in bytes (ByteLevel) nor in"),
        argumentSet(
            "lower case",
            "{\"normalizer\":{\"type\":\"Lowercase\"},"
                + "\"model\":{\"type\":\"BPE\",\"byte_fallback\":true}}",
            "'Lowercase' is not supported"));
  }

  private static String bpe(String fields) {
    return "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false},"
        + "\"model\":{\"type\":\"BPE\","
        + fields
        + "}}";
  }

  @ParameterizedTest
  @MethodSource("wrongFiles")
  void whatIsWrongIsSaidInASentence(String text, String fragment) throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), text);
    var failure = assertThrows(Exception.class, () -> read(Map.of(), 6, Optional.empty()));
    assertTrue(
        failure instanceof ModelFormatException || failure instanceof UnsupportedModelException,
        failure::toString);
    assertTrue(failure.getMessage().contains(fragment), failure.getMessage());
  }

  private Metadata read(Map<String, Object> tokenizer, Map<String, Object> config, int size)
      throws IOException {
    return read(tokenizer, config, size, Optional.empty());
  }

  private Metadata read(
      Map<String, Object> tokenizer, Map<String, Object> config, int size, Optional<String> pre)
      throws IOException {
    JSON.writeValue(folder.resolve("tokenizer.json").toFile(), tokenizer);
    return read(config, size, pre);
  }

  private Metadata read(Map<String, Object> config, int size, Optional<String> pre)
      throws IOException {
    JSON.writeValue(folder.resolve("tokenizer_config.json").toFile(), config);
    String model = "{\"model_type\":\"llama\",\"vocab_size\":" + size + "}";
    var keys = new Keys("llama.");
    VocabularyFiles.read(folder)
        .put(
            keys,
            Config.of(Fields.parse("config.json", model.getBytes(StandardCharsets.UTF_8))),
            pre);
    return new Metadata("folder", keys.values());
  }
}
