package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.testing.Seeded;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a vocabulary of SentencePiece's does, with small ones made here.
@ExtendWith(Seeded.class)
class SentencePieceTest {
  private static Keys abc() {
    return Keys.sentencePiece(true, "\u2581ab", "bc", "ab", "\u2581a", "\u2581", "a", "b", "c");
  }

  @Test
  void theHighestScoreMergesFirst() throws ModelFormatException {
    var keys = abc();
    // "▁a" and "▁ab" would need "ab" or "▁a" first; "bc" beats both.
    assertArrayEquals(keys.ids("\u2581a", "bc"), keys.tokenizer().encodePlain("abc", false));
    assertArrayEquals(keys.ids("\u2581", "bc"), keys.tokenizer().encodePlain("bc", false));
    assertArrayEquals(keys.ids("\u2581ab"), keys.tokenizer().encodePlain("ab", false));
  }

  @Test
  void equalScoresMergeFromTheLeft() throws ModelFormatException {
    var keys = Keys.sentencePiece(true, "aa", "a").set("tokenizer.ggml.add_space_prefix", false);
    assertArrayEquals(keys.ids("aa", "aa", "a"), keys.tokenizer().encodePlain("aaaaa", false));
  }

  @Test
  void integerScoresServe() throws ModelFormatException {
    var keys = Keys.sentencePiece(false, "ab", "bc", "a", "b", "c");
    keys.set("tokenizer.ggml.scores", Keys.ints(List.of(0L, 0L, 0L, 1L, 2L, 0L, 0L, 0L)));
    keys.set("tokenizer.ggml.add_space_prefix", false);
    assertArrayEquals(keys.ids("a", "bc"), keys.tokenizer().encodePlain("abc", false));
  }

  @Test
  void twoCharactersThatAreNoTokensMayBeOneTogether() throws ModelFormatException {
    var keys = Keys.sentencePiece(true, "xy").set("tokenizer.ggml.add_space_prefix", false);
    assertArrayEquals(keys.ids("xy", "<0x79>"), keys.tokenizer().encodePlain("xyy", false));
  }

  @Test
  void charactersThatNoTokenSpellsAreGivenInBytes() throws ModelFormatException {
    var keys = abc();
    int[] ids = keys.tokenizer().encodePlain("a\u00e9\ud83d\ude00", false);
    assertArrayEquals(
        keys.ids("\u2581a", "<0xC3>", "<0xA9>", "<0xF0>", "<0x9F>", "<0x98>", "<0x80>"), ids);
    assertEquals("a\u00e9\ud83d\ude00", keys.tokenizer().decode(ids));
  }

  @Test
  void charactersWithoutAllTheirBytesAreUnknown() throws ModelFormatException {
    var keys = Keys.sentencePiece(false, "a").token("<0xC3>", Keys.BYTE);
    keys.set("tokenizer.ggml.add_space_prefix", false);
    assertArrayEquals(keys.ids("a", "<unk>"), keys.tokenizer().encodePlain("a\u00e9", false));
    keys.set("tokenizer.ggml.unknown_token_id", -1);
    assertArrayEquals(keys.ids("a"), keys.tokenizer().encodePlain("a\u00e9", false));
  }

  @Test
  void bosAndEosAreAddedAsTheCheckpointSays() throws ModelFormatException {
    var keys = abc();
    var tokenizer = keys.tokenizer();
    assertEquals(OptionalInt.of(1), tokenizer.bos());
    assertEquals(OptionalInt.of(2), tokenizer.eos());
    assertArrayEquals(keys.ids("<s>", "\u2581a"), tokenizer.encode("a", false));
    assertArrayEquals(keys.ids("<s>"), tokenizer.encode("", false));
    assertArrayEquals(new int[0], tokenizer.encodePlain("", false));
    keys.set("tokenizer.ggml.add_bos_token", false).set("tokenizer.ggml.add_eos_token", true);
    assertArrayEquals(keys.ids("\u2581a", "</s>"), keys.tokenizer().encode("a", false));
  }

  @Test
  void specialTokensAreReadOnlyWhereAsked() throws ModelFormatException {
    // Merges lead to "</s>", and yet plain text must not become the control token.
    var keys = Keys.sentencePiece(true, "</", "s>", "a", "\u2581");
    keys.set("tokenizer.ggml.add_space_prefix", false);
    var tokenizer = keys.tokenizer();
    assertArrayEquals(keys.ids("a", "</", "s>"), tokenizer.encodePlain("a</s>", false));
    assertArrayEquals(keys.ids("a", "</s>", "a"), tokenizer.encodePlain("a</s>a", true));
    assertArrayEquals(keys.ids("<unk>"), tokenizer.encodePlain("<unk>", true));
    assertTrue(tokenizer.isControl(2));
    assertFalse(tokenizer.isControl(keys.id("a")));
    assertEquals("</s>", tokenizer.piece(2));
    assertEquals(0, tokenizer.bytes(2).length);
    assertEquals("aa", tokenizer.decode(keys.ids("<s>", "a", "</s>", "a", "<unk>")));
  }

  @Test
  void theNameOfAByteIsText() throws ModelFormatException {
    var keys = Keys.sentencePiece(true, "<0", "x41", ">", "<0x41", "x4", "1", "x", "4", "0", "<");
    keys.set("tokenizer.ggml.add_space_prefix", false);
    var tokenizer = keys.tokenizer();
    assertEquals("<0x41>", tokenizer.decode(tokenizer.encodePlain("<0x41>", true)));
  }

  @Test
  void userDefinedTokensAreReadAlwaysAndTheLongestFirst() throws ModelFormatException {
    var keys = abc().token("<|a|>", Keys.USER_DEFINED).token("<|a|>b", Keys.USER_DEFINED);
    var tokenizer = keys.tokenizer();
    assertArrayEquals(
        keys.ids("\u2581a", "<|a|>", "\u2581a", "<|a|>b", "\u2581", "c"),
        tokenizer.encodePlain("a<|a|>a<|a|>bc", false));
    assertEquals("<|a|>", new String(tokenizer.bytes(keys.id("<|a|>"))));
  }

  @Test
  void phi3TokensEatTheSpacesAfterThem() throws ModelFormatException {
    var keys = abc().token("<|end|>", Keys.CONTROL).set("general.name", "Phi-3 mini");
    var tokenizer = keys.tokenizer();
    assertArrayEquals(
        keys.ids("\u2581a", "<|end|>", "\u2581", "b"),
        tokenizer.encodePlain("a<|end|> \n\tb", true));
    assertArrayEquals( // but not those after <s>
        keys.ids("<s>", "\u2581", "\u2581", "b"), tokenizer.encodePlain("<s> b", true));
  }

  @Test
  void theSpaceOfTheBeginningIsTakenAwayThereOnly() throws ModelFormatException {
    var keys = abc();
    var tokenizer = keys.tokenizer();
    assertEquals("a a", tokenizer.decode(keys.ids("\u2581a", "\u2581a")));
    assertEquals("a", tokenizer.decode(keys.ids("<s>", "\u2581a")));
    assertEquals(" a", tokenizer.decode(keys.ids("\u2581", "\u2581a")));
    int[] prompt = tokenizer.encode("b", false);
    assertEquals(" a", tokenizer.decoder(prompt).next(keys.id("\u2581a")));
    assertEquals("a", tokenizer.decoder(1).next(keys.id("\u2581a")));
    keys.set("tokenizer.ggml.add_space_prefix", false);
    assertEquals(" a", keys.tokenizer().decode(keys.ids("\u2581a")));
  }

  @Test
  void withoutTypesTheSpellingsSay() throws ModelFormatException {
    var tokenizer = abc().without("tokenizer.ggml.token_type").tokenizer();
    assertTrue(tokenizer.isControl(1));
    assertArrayEquals(new byte[] {0x0a}, tokenizer.bytes(3 + 0x0a));
    assertEquals("", tokenizer.decode(0, 1, 2));
  }

  @Test
  void unusedTokensAreTextAndAnEmptyOneIsNothing() throws ModelFormatException {
    var keys = abc().token("ca", Keys.UNUSED).token("", Keys.NORMAL).token("", Keys.CONTROL);
    var tokenizer = keys.tokenizer();
    assertEquals("caca", tokenizer.decode(tokenizer.encodePlain("caca", true)));
    assertEquals("", tokenizer.decode(keys.id("")));
  }

  @Test
  void everyTextComesBack(Random random) throws ModelFormatException {
    var keys = abc();
    for (int i = 0; i < 200; i++) {
      keys.token(NastyText.of(random, 3).replace(' ', '\u2581'), Keys.NORMAL);
    }
    keys.without("tokenizer.ggml.scores");
    var tokenizer = keys.tokenizer();
    for (int i = 0; i < 3_000; i++) {
      String text = NastyText.of(random, 12);
      int[] ids = tokenizer.encode(text, false);
      assertEquals(text.replace('\u2581', ' '), tokenizer.decode(ids));
    }
  }

  @Test
  void idsOutOfRangeAreRefused() throws ModelFormatException {
    var tokenizer = abc().tokenizer();
    for (int token : new int[] {-1, tokenizer.vocabularySize(), Integer.MAX_VALUE}) {
      assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.bytes(token));
      assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.piece(token));
      assertThrows(IndexOutOfBoundsException.class, () -> tokenizer.isControl(token));
      assertFalse(tokenizer.endsGeneration(token));
    }
  }

  @Test
  void aFlagOfAnotherTypeIsNamed() {
    var keys = abc().set("tokenizer.ggml.add_space_prefix", new MetadataValue.Text("yes"));
    var failure = assertThrows(ModelFormatException.class, keys::tokenizer);
    assertTrue(failure.getMessage().contains("add_space_prefix"), failure.getMessage());
  }
}
