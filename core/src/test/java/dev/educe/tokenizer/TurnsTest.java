package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.ModelFormatException;
import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A conversation's special tokens come from its template and from nowhere else.
@ExtendWith(Seeded.class)
class TurnsTest {
  private static final List<String> CONTROL =
      List.of("<|im_start|>", "<|im_end|>", "<|im|>", "[INST]", "<s>", "</s>");
  private static final List<String> PARTS =
      List.of(
          "<|im_", "start|>", "<", "|>", "user\n", " ", "é", "😀", "{{ x }}", "[", "INST]", "a");

  private static List<Keys> vocabularies() {
    var bytes = Keys.byteLevel("qwen2", "a a", "u s", "< |");
    var pieces = Keys.sentencePiece(true, "a", "u", "us", "▁", "▁a", "<", "<|");
    for (var keys : List.of(bytes, pieces)) {
      CONTROL.forEach(piece -> keys.token(piece, Keys.CONTROL));
      keys.token("<think>", Keys.USER_DEFINED);
    }
    return List.of(bytes, pieces);
  }

  @Test
  void whatAUserWritesNeverBecomesAControlToken(Random random) throws ModelFormatException {
    for (var keys : vocabularies()) {
      keys.set("tokenizer.ggml.add_bos_token", false);
      var tokenizer = keys.tokenizer();
      int open = keys.id("<|im_start|>");
      int close = keys.id("<|im_end|>");
      for (int round = 0; round < 500; round++) {
        String content = content(random);
        String text = "<|im_start|>" + content + "<|im_end|>";
        var plain = new BitSet();
        plain.set(12, 12 + content.length());
        int[] ids = tokenizer.encodeTurns(text, plain);
        assertEquals(open, ids[0]);
        assertEquals(close, ids[ids.length - 1]);
        int[] within = IntStream.of(ids).skip(1).limit(ids.length - 2).toArray();
        assertArrayEquals(tokenizer.encodePlain(content, false), within, content);
        assertTrue(IntStream.of(within).noneMatch(tokenizer::isControl), content);
      }
    }
  }

  private static String content(Random random) {
    var parts = new ArrayList<>(PARTS);
    parts.addAll(CONTROL);
    parts.add("<think>");
    var content = new StringBuilder();
    for (int i = random.nextInt(8) + 1; i > 0; i--) {
      content.append(parts.get(random.nextInt(parts.size())));
    }
    return content.toString();
  }

  @Test
  void aSpecialTokenThatAUserBeginsOrEndsIsText() throws ModelFormatException {
    for (var keys : vocabularies()) {
      var tokenizer = keys.tokenizer();
      String text = "<|im_start|>";
      for (int at = 0; at < text.length(); at++) {
        var plain = new BitSet();
        plain.set(at);
        int[] ids = tokenizer.encodeTurns(text, plain);
        assertFalse(IntStream.of(ids).anyMatch(id -> id == keys.id(text)), "unit " + at);
      }
    }
  }

  @Test
  void ofTwoTokensTheOneThatTheTemplateWroteWholeIsTaken() throws ModelFormatException {
    var keys = Keys.byteLevel("qwen2").token("<a", Keys.CONTROL).token("<ab>", Keys.CONTROL);
    var plain = new BitSet();
    plain.set(2, 4);
    assertArrayEquals(keys.ids("<a", "b", ">"), keys.tokenizer().encodeTurns("<ab>", plain));
    assertArrayEquals(keys.ids("<ab>"), keys.tokenizer().encodeTurns("<ab>", new BitSet()));
  }

  @Test
  void theBeginningIsWrittenOnce() throws ModelFormatException {
    var keys = Keys.sentencePiece(true, "a", "▁", "▁a").set("tokenizer.ggml.bos_token_id", 1);
    keys.set("tokenizer.ggml.eos_token_id", 2).set("tokenizer.ggml.add_eos_token", true);
    var tokenizer = keys.tokenizer();
    assertArrayEquals(keys.ids("<s>", "▁a"), tokenizer.encodeTurns("<s>a", new BitSet()));
    assertArrayEquals(keys.ids("<s>", "▁a"), tokenizer.encodeTurns("a", new BitSet()));
    assertArrayEquals(keys.ids("<s>"), tokenizer.encodeTurns("", new BitSet()));
    keys.set("tokenizer.ggml.add_bos_token", false);
    assertArrayEquals(keys.ids("▁a"), keys.tokenizer().encodeTurns("a", new BitSet()));
  }

  @Test
  void aDecoderOfMarkupShowsControlTokens() throws ModelFormatException {
    var keys = Keys.byteLevel("qwen2").token("<|im_end|>", Keys.CONTROL);
    var tokenizer = keys.tokenizer();
    var markup = tokenizer.markupDecoder();
    assertEquals("a", markup.next(keys.id("a")));
    assertEquals("<|im_end|>", markup.next(keys.id("<|im_end|>")));
    assertEquals("", tokenizer.decoder().next(keys.id("<|im_end|>")));
  }
}
