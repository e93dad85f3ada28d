package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.ModelFormatException;
import dev.educe.testing.Seeded;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Text that comes token by token is the text of all tokens at once, however characters are cut.
@ExtendWith(Seeded.class)
class TextDecoderTest {
  // Bytes at the borders of what UTF-8 allows.
  private static final int[] BORDERS = {
    0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec,
    0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff
  };

  @Test
  void bytesBecomeTheTextThatAllOfThemAre(Random random) throws ModelFormatException {
    var tokenizer = Keys.sentencePiece(true).tokenizer();
    for (int round = 0; round < 50_000; round++) {
      int[] bytes =
          random.ints(random.nextInt(8), 0, BORDERS.length).map(i -> BORDERS[i]).toArray();
      var decoder = tokenizer.decoder();
      var text = new StringBuilder();
      for (int value : bytes) {
        text.append(decoder.next(3 + value));
      }
      assertEquals(whole(bytes), text.append(decoder.finish()).toString());
    }
  }

  @Test
  void everyCharacterComesWithItsLastByte() throws ModelFormatException {
    var tokenizer = Keys.sentencePiece(true).tokenizer();
    var decoder = tokenizer.decoder(tokenizer.encode("a", false)); // no space is left out any more
    for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
      if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
        continue;
      }
      String text = Character.toString(c);
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      for (int i = 0; i < bytes.length; i++) {
        String said = decoder.next(3 + (bytes[i] & 0xff));
        if (!said.equals(i == bytes.length - 1 ? text : "")) {
          assertEquals(text, said, "U+" + Integer.toHexString(c) + ", byte " + i);
        }
      }
    }
    assertEquals("", decoder.finish());
  }

  @Test
  void everyCutOfATextGivesTheSameText() throws ModelFormatException {
    String text = "a\u00e9\u4e2d\ud83d\ude00\u0000z";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    var keys = Keys.byteLevel("gpt-2"); // with every part of the text as a token
    for (int from = 0; from < bytes.length; from++) {
      for (int to = from + 1; to <= bytes.length; to++) {
        keys.token(piece(bytes, from, to), Keys.NORMAL);
      }
    }
    var tokenizer = keys.tokenizer();
    for (int cuts = 0; cuts < 1 << (bytes.length - 1); cuts++) {
      var tokens = new ArrayList<Integer>();
      int from = 0;
      for (int to = 1; to <= bytes.length; to++) {
        if (to == bytes.length || (cuts >> (to - 1) & 1) != 0) {
          tokens.add(keys.id(piece(bytes, from, to)));
          from = to;
        }
      }
      assertStreams(tokenizer, tokens, text);
    }
  }

  private static String piece(byte[] bytes, int from, int to) {
    var piece = new StringBuilder();
    for (int i = from; i < to; i++) {
      piece.append(ByteAlphabet.character(bytes[i]));
    }
    return piece.toString();
  }

  private static void assertStreams(Tokenizer tokenizer, List<Integer> tokens, String text) {
    var decoder = tokenizer.decoder();
    var seen = new StringBuilder();
    var bytes = new ByteArrayOutputStream();
    for (int token : tokens) {
      String delta = decoder.next(token);
      assertTrue(!delta.contains("\ufffd"), "a character was cut");
      seen.append(delta);
      bytes.writeBytes(tokenizer.bytes(token));
      int held = bytes.size() - seen.toString().getBytes(StandardCharsets.UTF_8).length;
      assertTrue(held >= 0 && held <= 3, () -> held + " bytes are held back");
    }
    assertEquals(text, seen.append(decoder.finish()).toString());
  }

  @Test
  void aDecoderOfAContinuationGoesOnWhereTheTextBeforeEnds(Random random)
      throws ModelFormatException {
    var tokenizer = Keys.sentencePiece(true, "\u2581", "\u2581a", "a").tokenizer();
    for (int round = 0; round < 5_000; round++) {
      int[] tokens = random.ints(6, 0, tokenizer.vocabularySize()).toArray();
      int cut = random.nextInt(tokens.length + 1);
      int[] before = IntStream.range(0, cut).map(i -> tokens[i]).toArray();
      var first = tokenizer.decoder();
      var text = new StringBuilder();
      for (int token : before) {
        text.append(first.next(token));
      }
      var decoder = tokenizer.decoder(before);
      for (int i = cut; i < tokens.length; i++) {
        text.append(decoder.next(tokens[i]));
      }
      assertEquals(tokenizer.decode(tokens), text.append(decoder.finish()).toString());
    }
  }

  @Test
  void aDecoderThatFinishedHoldsNothing() throws ModelFormatException {
    var tokenizer = Keys.sentencePiece(true).tokenizer();
    var decoder = tokenizer.decoder();
    assertEquals("", decoder.next(3 + 0xe4));
    assertEquals("\ufffd", decoder.finish());
    assertEquals("", decoder.finish());
    assertEquals("A", decoder.next(3 + 0x41));
  }

  private static String whole(int[] values) {
    var bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
