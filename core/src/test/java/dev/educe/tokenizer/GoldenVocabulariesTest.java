package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.UnsupportedModelException;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Holds real vocabularies against ids that the families' own tokenizers gave.
class GoldenVocabulariesTest {
  @ParameterizedTest
  @ValueSource(strings = {"deepseek-llm", "gpt-2", "llama-spm", "phi-3", "starcoder"})
  void textsBecomeTheRecordedIds(String name) throws IOException {
    Path file = TestData.file("vocab", "ggml-vocab-" + name + ".gguf");
    String[] texts = Files.readString(Path.of(file + ".inp")).split("\n__ggml_vocab_test__\n", -1);
    String[] expected = Files.readString(Path.of(file + ".out")).split("\n", -1);
    assertTrue(texts.length > 30, "a table of texts");
    assertEquals(texts.length, expected.length);
    try (var gguf = Gguf.open(file)) {
      var tokenizer = Tokenizer.of(gguf.metadata());
      for (int i = 0; i < texts.length; i++) {
        int[] ids =
            Arrays.stream(expected[i].trim().split("\\s+"))
                .filter(id -> !id.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
        assertArrayEquals(ids, tokenizer.encodePlain(texts[i], false), texts[i]);
        assertEquals(texts[i], tokenizer.decode(ids));
      }
    }
  }

  @Test
  void wordPieceIsRefusedByName() throws IOException {
    try (var gguf = Gguf.open(TestData.file("vocab", "ggml-vocab-bert-bge.gguf"))) {
      var failure =
          assertThrows(UnsupportedModelException.class, () -> Tokenizer.of(gguf.metadata()));
      assertTrue(failure.getMessage().contains("'bert'"), failure.getMessage());
    }
  }
}
