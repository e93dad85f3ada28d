package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.provider.MethodSource;

/// Whatever a vocabulary holds, it is refused in one sentence or turns any text into its own ids
/// and back without harm.
@Tag("fuzz")
class TokenizerFuzzTest {
  private static final List<String> FAMILIES = PreTokenizer.allNames();
  private static final Map<String, Tokenizer> TOKENIZERS = new ConcurrentHashMap<>();
  private static final List<String> PARTS =
      List.of("a", "b", "\u2581", " ", "\n", "<", "s>", "<0x", "4", "\u0120", "\u4e2d", "'s", "A");

  private static final List<String> NAMES =
      Stream.concat(
              Stream.of("bos", "eos", "unknown", "eot", "eom", "fim_pad", "fim_rep")
                  .map(name -> "tokenizer.ggml." + name + "_token_id"),
              Stream.of(
                  "tokenizer.ggml.add_bos_token",
                  "tokenizer.ggml.add_eos_token",
                  "tokenizer.ggml.add_space_prefix",
                  "tokenizer.ggml.pre",
                  "general.name"))
          .toList();

  @FuzzTest(maxDuration = "10s")
  void anyVocabulary(FuzzedDataProvider data) {
    Tokenizer tokenizer;
    try {
      tokenizer = vocabulary(data).tokenizer();
    } catch (ModelFormatException | UnsupportedModelException e) {
      assertTrue(e.getMessage().startsWith("tiny.gguf: "), e.getMessage());
      return;
    }
    boolean special = data.consumeBoolean();
    String text = data.consumeRemainingAsString();
    int[] ids = tokenizer.encode(text, special);
    for (int id : ids) {
      assertTrue(id >= 0 && id < tokenizer.vocabularySize(), "no such token: " + id);
      assertTrue(tokenizer.bytes(id).length + tokenizer.piece(id).length() >= 0);
    }
    if (!special) {
      for (int id : tokenizer.encodePlain(text, false)) {
        assertFalse(tokenizer.isControl(id), "text became a control token");
      }
    }
    var decoder = tokenizer.decoder();
    var streamed = new StringBuilder();
    for (int id : ids) {
      streamed.append(decoder.next(id));
    }
    assertEquals(tokenizer.decode(ids), streamed.append(decoder.finish()).toString());
  }

  @MethodSource("seeds")
  @FuzzTest(maxDuration = "10s")
  void anyTextInAnyFamily(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    int first = input.length == 0 ? 0 : input[0] & 0xff;
    String family = FAMILIES.get(first % FAMILIES.size());
    if (PreTokenizer.named(family).orElseThrow().has(PreTokenizer.Trait.CHARACTERS)) {
      return; // a space of theirs and a space of the text are one
    }
    var tokenizer = TOKENIZERS.computeIfAbsent(family, TokenizerFuzzTest::ofFamily);
    assertEquals(text, tokenizer.decode(tokenizer.encode(text, true)));
  }

  static Stream<byte[]> seeds() {
    var random = new Random(1);
    return Stream.generate(() -> NastyText.of(random, 20).getBytes(StandardCharsets.UTF_8))
        .limit(50);
  }

  private static Tokenizer ofFamily(String family) {
    try {
      return Keys.byteLevel(family, "a b", "\u0120 a", "1 1", "11 1").tokenizer();
    } catch (ModelFormatException e) {
      throw new AssertionError(family, e);
    }
  }

  private static Keys vocabulary(FuzzedDataProvider data) {
    Keys keys =
        switch (data.consumeInt(0, 2)) {
          case 0 -> Keys.sentencePiece(data.consumeBoolean(), "\u2581", "a", "ab");
          case 1 -> Keys.byteLevel(data.pickValue(FAMILIES), "a b", "ab a");
          default -> new Keys().set("tokenizer.ggml.model", "gpt2");
        };
    for (int more = data.consumeInt(0, 12); more > 0; more--) {
      keys.token(piece(data), data.consumeInt(-1, 8));
    }
    for (int more = data.consumeInt(0, 6); more > 0; more--) {
      keys.merge(piece(data) + (data.consumeInt(0, 9) == 0 ? "" : " ") + piece(data));
    }
    for (int wrong = data.consumeInt(0, 3); wrong > 0; wrong--) {
      String key = data.pickValue(List.copyOf(keys.metadata().keys()));
      keys.set(data.consumeInt(0, 3) == 0 ? key : data.pickValue(NAMES), value(data));
    }
    return keys;
  }

  private static String piece(FuzzedDataProvider data) {
    var piece = new StringBuilder();
    for (int parts = data.consumeInt(0, 4); parts > 0; parts--) {
      piece.append(data.consumeInt(0, 5) == 0 ? data.consumeString(3) : data.pickValue(PARTS));
    }
    return piece.toString();
  }

  private static MetadataValue value(FuzzedDataProvider data) {
    return switch (data.consumeInt(0, 5)) {
      case 0 -> new MetadataValue.Int(MetadataValue.IntType.INT64, data.consumeInt(-2, 300));
      case 1 -> new MetadataValue.Int(MetadataValue.IntType.INT64, data.consumeLong());
      case 2 -> new MetadataValue.Flag(data.consumeBoolean());
      case 3 -> new MetadataValue.Text(data.pickValue(FAMILIES));
      case 4 -> {
        var texts = new ArrayList<String>();
        for (int i = data.consumeInt(0, 5); i > 0; i--) {
          texts.add(piece(data));
        }
        yield new MetadataValue.Texts(texts);
      }
      default -> {
        var numbers = new double[data.consumeInt(0, 270)];
        for (int i = 0; i < Math.min(numbers.length, 4); i++) {
          numbers[i] = data.consumeDouble();
        }
        yield new MetadataValue.Numbers(true, numbers);
      }
    };
  }
}
