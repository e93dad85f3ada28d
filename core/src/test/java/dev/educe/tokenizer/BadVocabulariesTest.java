package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Vocabularies that are not what they claim: each is refused by name, or does no harm.
class BadVocabulariesTest {
  private static Keys good() {
    return Keys.sentencePiece(true, "\u2581", "a", "b", "ab");
  }

  private static void assertRefused(Keys keys, String... named) {
    var failure = assertThrows(ModelFormatException.class, keys::tokenizer);
    for (String name : named) {
      assertTrue(failure.getMessage().contains(name), failure.getMessage());
    }
    assertTrue(failure.getMessage().startsWith("tiny.gguf: "), failure.getMessage());
  }

  private static MetadataValue texts(String... values) {
    return new MetadataValue.Texts(List.of(values));
  }

  @Test
  void aVocabularyMustBeThere() {
    assertRefused(good().without("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens", "missing");
    assertRefused(good().without("tokenizer.ggml.model"), "tokenizer.ggml.model");
    assertRefused(good().set("tokenizer.ggml.tokens", texts()), "empty");
    assertRefused(good().set("tokenizer.ggml.tokens", "a b c"), "array of strings", "string");
  }

  @Test
  void tokensMustDiffer() {
    assertRefused(
        new Keys()
            .set("tokenizer.ggml.model", "llama")
            .set("tokenizer.ggml.tokens", texts("a", "\u0007b", "\u0007b")),
        "'\ufffdb' as 1 and as 2");
  }

  @Test
  void byteTokensMustBeSpelledAsBytes() {
    for (String piece :
        List.of(
            "<0x-1>", "<0xZZ>", "<0x100>", "<0x1>", "0x01", "<0X01>", "<0x+1>", "<0x\uff11a>")) {
      assertRefused(good().token(piece, Keys.BYTE), "<0x00> to <0xFF>", piece);
    }
  }

  @Test
  void lowerCaseBytesAreBytes() throws ModelFormatException {
    var keys = good().token("<0xfe>", Keys.BYTE);
    assertArrayEquals(new byte[] {(byte) 0xfe}, keys.tokenizer().bytes(keys.id("<0xfe>")));
  }

  @Test
  void idsMustBeTokens() {
    for (String key : List.of("bos", "eos", "unknown", "eot", "eom", "fim_pad")) {
      String name = "tokenizer.ggml." + key + "_token_id";
      for (long id : new long[] {263, 1L << 31, 1L << 40, -2, Long.MIN_VALUE, Long.MAX_VALUE}) {
        assertRefused(good().set(name, id), name, "263");
      }
      assertRefused(good().set(name, "0"), name);
    }
  }

  @Test
  void minusOneIsNoToken() throws ModelFormatException {
    for (long none : new long[] {-1, 0xffff_ffffL}) {
      var tokenizer = good().set("tokenizer.ggml.bos_token_id", none).tokenizer();
      assertTrue(tokenizer.bos().isEmpty());
    }
    assertRefused(
        good().set("tokenizer.ggml.bos_token_id", -1).set("tokenizer.ggml.add_bos_token", true),
        "add_bos_token",
        "bos_token_id");
  }

  @Test
  void scoresMustBeNumbersOnePerToken() throws ModelFormatException {
    String scores = "tokenizer.ggml.scores";
    var few = new ArrayList<>(Collections.nCopies(262, 0.0));
    assertRefused(good().set(scores, Keys.numbers(few)), scores, "263", "262");
    few.add(Double.NaN);
    assertRefused(good().set(scores, Keys.numbers(few)), scores, "NaN", "262");
    assertRefused(good().set(scores, texts("1")), scores, "floats");
    assertRefused(good().set(scores, Keys.ints(List.of(1L))), scores, "263");
    few.set(262, Double.NEGATIVE_INFINITY);
    few.set(261, Double.POSITIVE_INFINITY);
    var tokenizer = good().set(scores, Keys.numbers(few)).tokenizer();
    assertEquals("ab", tokenizer.decode(tokenizer.encode("ab", false)));
  }

  @Test
  void typesMustBeNumbersOnePerToken() throws ModelFormatException {
    String types = "tokenizer.ggml.token_type";
    assertRefused(good().set(types, Keys.ints(List.of(1L))), types, "263");
    assertRefused(good().set(types, "normal"), types);
    var odd = new ArrayList<>(Collections.nCopies(263, 99L));
    odd.set(7, -5L);
    assertEquals(263, good().set(types, Keys.ints(odd)).tokenizer().vocabularySize());
  }

  @Test
  void mergesMustBePairs() {
    String merges = "tokenizer.ggml.merges";
    for (String line : List.of("ab", "", " ", "a ", "  ", " a")) {
      assertRefused(
          Keys.byteLevel("gpt-2").merge("a b").merge(line), merges, "'" + line + "' as 1");
    }
    assertRefused(Keys.byteLevel("gpt-2").without(merges), merges, "missing");
    assertRefused(Keys.byteLevel("gpt-2").set(merges, Keys.ints(List.of(1L))), merges);
  }

  @Test
  void mergesInCirclesOfThemselvesAndOfUnknownPartsDoNoHarm() throws ModelFormatException {
    var keys = Keys.byteLevel("gpt-2", "a a").merge("a a").merge("ab a").merge("a ba");
    keys.merge("b a").merge("a b").merge("\u4e2d x").merge("\u0120 \u0120").merge(" \u0120 b");
    var tokenizer = keys.tokenizer();
    String text = "aabaab  \u4e2dx".repeat(50);
    assertEquals(text, tokenizer.decode(tokenizer.encode(text, false)));
  }

  @ParameterizedTest
  @ValueSource(ints = 50_000)
  void manyMergesOfNothingKnownAreRead(int count) throws ModelFormatException {
    var lines = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      lines.add("\u4e2d" + i + " \u6587" + i);
    }
    var keys = Keys.byteLevel("gpt-2");
    keys.set("tokenizer.ggml.merges", new MetadataValue.Texts(lines));
    assertArrayEquals(keys.ids("a"), keys.tokenizer().encode("a", false));
  }

  @Test
  @Tag("slow")
  void aMillionMergesAndTenMillionTokensAreRead() throws ModelFormatException {
    manyMergesOfNothingKnownAreRead(1_000_000);
    var pieces = new ArrayList<String>();
    for (int i = 0; i < 10_000_000; i++) {
      pieces.add(Integer.toString(i, 36));
    }
    var keys = new Keys().set("tokenizer.ggml.model", "llama");
    keys.set("tokenizer.ggml.tokens", new MetadataValue.Texts(pieces));
    keys.without("tokenizer.ggml.token_type").without("tokenizer.ggml.scores");
    assertEquals(10_000_000, keys.tokenizer().vocabularySize());
  }

  @Test
  void aTokenOfAMebibyteIsAToken() throws ModelFormatException {
    String huge = "a".repeat(1 << 20);
    var keys = Keys.sentencePiece(true, huge, huge.substring(1), "aa", "a");
    keys.set("tokenizer.ggml.add_space_prefix", false);
    var tokenizer = keys.tokenizer();
    assertComesBack(huge, tokenizer);
    assertEquals(1 << 20, tokenizer.bytes(keys.id(huge)).length);
  }

  @Test
  void nestedTokensAreReadInLinearTime() throws ModelFormatException {
    var pieces = new ArrayList<String>();
    for (int length = 1; length <= 1_000; length++) {
      pieces.add("a".repeat(length));
    }
    var keys = Keys.sentencePiece(true, pieces.toArray(String[]::new));
    keys.set("tokenizer.ggml.add_space_prefix", false);
    var tokenizer = keys.tokenizer();
    assertComesBack("a".repeat(50_000), tokenizer);
  }

  @Test
  void aSpecialTokenMustBeShort() throws ModelFormatException {
    good().token("<" + "x".repeat(255), Keys.CONTROL).tokenizer();
    for (int type : new int[] {Keys.CONTROL, Keys.USER_DEFINED, Keys.UNKNOWN}) {
      assertRefused(good().token("<" + "x".repeat(256), type), "at most 256", "257");
    }
  }

  @Test
  void theLargestTextsNeedNoStack() throws ModelFormatException {
    var spm = good().tokenizer();
    var bytes = Keys.byteLevel("superbpe", "a b", "ab ab", "\u0120 \u0120").tokenizer();
    for (String part : List.of("a", "\u0301")) {
      assertComesBack(part.repeat(1 << 20), spm);
      assertComesBack(part.repeat(1 << 20), bytes);
    }
    for (String part : List.of("ab", " ", "\ud83d\ude00", "\u0000", "\n", "<s>")) {
      assertComesBack(part.repeat(50_000), spm);
      assertComesBack(part.repeat(50_000), bytes);
    }
  }

  private static void assertComesBack(String text, Tokenizer tokenizer) {
    // Not assertEquals, which would print it.
    assertTrue(text.equals(tokenizer.decode(tokenizer.encode(text, false))), text.substring(0, 9));
  }
}
