package dev.educe.optimize.prune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Prunes real vocabularies by texts that were chosen to be hard to spell.
@ExtendWith(Seeded.class)
class TokenUseTest {
  @ParameterizedTest
  @ValueSource(strings = {"deepseek-llm", "gpt-2", "llama-spm", "phi-3", "starcoder"})
  void whatWasCountedIsSpelledAsBefore(String name, Random random) throws IOException {
    Path file = TestData.file("vocab", "ggml-vocab-" + name + ".gguf");
    String text = Files.readString(Path.of(file + ".inp"));
    try (var gguf = Gguf.open(file)) {
      var whole = Tokenizer.of(gguf.metadata());
      var cut = cut(gguf.metadata(), text, 1);
      assertTrue(cut.vocabularySize() < whole.vocabularySize() / 2, name);
      assertEquals(pieces(whole, text), pieces(cut, text));
      assertEquals(text, cut.decode(cut.encodePlain(text, false)));
      assertEquals(whole.bos().isPresent(), cut.bos().isPresent());
      assertEquals(whole.piece(whole.eos().getAsInt()), cut.piece(cut.eos().getAsInt()));
      assertTrue(cut.endsGeneration(cut.eos().getAsInt()));
      for (int i = 0; i < 50; i++) {
        String other = random(random);
        assertEquals(other, cut.decode(cut.encodePlain(other, false)));
      }
    }
  }

  private static Tokenizer cut(Metadata metadata, String text, int countMin) throws IOException {
    var values = new LinkedHashMap<String, MetadataValue>();
    // Files that are nothing but a vocabulary do not tell of layers.
    String layers = metadata.string("general.architecture") + ".block_count";
    values.put(layers, new MetadataValue.Int(MetadataValue.IntType.UINT32, 1));
    for (String key : metadata.keys()) {
      values.putIfAbsent(key, metadata.find(key).orElseThrow());
    }
    var filled = new Metadata(metadata.source(), values);
    int[] kept = TokenUse.kept(filled, text, countMin);
    return Tokenizer.of(
        new Metadata("cut", CutMetadata.of(filled, Cut.none(1).withTokens(kept), -1)));
  }

  private static List<String> pieces(Tokenizer tokenizer, String text) {
    return Arrays.stream(tokenizer.encode(text, false)).mapToObj(tokenizer::piece).toList();
  }

  /// Words, spaces and characters of any plane.
  private static String random(Random random) {
    var text = new StringBuilder("x");
    for (int i = 0; i < 30; i++) {
      switch (random.nextInt(3)) {
        case 0 -> text.append(" word").append(random.nextInt(1_000));
        case 1 -> text.append((char) ('!' + random.nextInt(90)));
        default -> text.appendCodePoint(0x370 + random.nextInt(0x2000));
      }
    }
    return text.toString();
  }
}
