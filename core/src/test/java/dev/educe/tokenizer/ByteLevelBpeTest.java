package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.testing.Seeded;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a byte-level vocabulary does, with small ones made here.
@ExtendWith(Seeded.class)
class ByteLevelBpeTest {
  private static final String[] MERGES = {
    "a b", "b c", "\u0120 a", "\u0120a b", "ab c", "\u00c3 \u00a9", "a a", "aa aa"
  };

  @Test
  void theFirstOfTheListMergesFirst() throws ModelFormatException {
    var keys = Keys.byteLevel("gpt-2", MERGES);
    var tokenizer = keys.tokenizer();
    assertArrayEquals(keys.ids("abc"), tokenizer.encodePlain("abc", false));
    assertArrayEquals(keys.ids("\u0120", "abc"), tokenizer.encodePlain(" abc", false));
    assertArrayEquals(keys.ids("aaaa", "a"), tokenizer.encodePlain("aaaaa", false));
    assertArrayEquals(keys.ids("\u00c3\u00a9", "\u010a"), tokenizer.encodePlain("\u00e9\n", false));
  }

  @Test
  void mergesDoNotCrossWords() throws ModelFormatException {
    var keys = Keys.byteLevel("gpt-2", "b \u0120", "1 a");
    var tokenizer = keys.tokenizer();
    assertArrayEquals(
        keys.ids("b", "\u0120", "b", "1", "a"), tokenizer.encodePlain("b b1a", false));
  }

  @Test
  void wordsThatAreTokensStayWholeInSomeFamilies() throws ModelFormatException {
    for (boolean whole : new boolean[] {true, false}) {
      var keys = Keys.byteLevel(whole ? "llama-bpe" : "qwen2", "a b").token("xyz", Keys.NORMAL);
      assertArrayEquals(
          whole ? keys.ids("xyz") : keys.ids("x", "y", "z"),
          keys.tokenizer().encodePlain("xyz", false));
    }
  }

  @Test
  void aWordThatSpellsAControlTokenIsText() throws ModelFormatException {
    var keys = Keys.byteLevel("llama-bpe", "s e", "se c").token("sec", Keys.CONTROL);
    keys.token("assistant", Keys.CONTROL);
    for (String text : new String[] {"sec", "assistant"}) {
      var tokenizer = keys.tokenizer();
      for (int id : tokenizer.encodePlain(text, false)) {
        assertFalse(tokenizer.isControl(id));
      }
    }
    assertArrayEquals(keys.ids("assistant"), keys.tokenizer().encodePlain("assistant", true));
  }

  @Test
  void mergesMayLeadThroughAndToTextsThatAreNoTokens() throws ModelFormatException {
    var keys = Keys.byteLevel("gpt-2").merge("a b").merge("ab c").token("abc", Keys.NORMAL);
    var tokenizer = keys.tokenizer();
    assertArrayEquals(keys.ids("abc", "a", "b"), tokenizer.encodePlain("abcab", false));
  }

  @Test
  void bytesWithoutATokenAreUnknownOrLeftOut() throws ModelFormatException {
    var keys = new Keys().set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "gpt-2");
    keys.token("a", Keys.NORMAL).token("?", Keys.UNKNOWN);
    assertArrayEquals(keys.ids("a", "a"), keys.tokenizer().encodePlain("aba", false));
    keys.set("tokenizer.ggml.unknown_token_id", 1);
    assertArrayEquals(keys.ids("a", "?", "a"), keys.tokenizer().encodePlain("aba", false));
  }

  @Test
  void bosIsAddedWhereTheFamilyOrTheFileSays() throws ModelFormatException {
    for (String family : new String[] {"llama-bpe", "tekken", "chameleon"}) {
      var keys = Keys.byteLevel(family).token("<s>", Keys.CONTROL);
      assertEquals(OptionalInt.empty(), keys.tokenizer().bos());
      assertArrayEquals(keys.ids("a"), keys.tokenizer().encode("a", false));
      keys.set("tokenizer.ggml.bos_token_id", keys.id("<s>"));
      assertArrayEquals(keys.ids("<s>", "a"), keys.tokenizer().encode("a", false));
      keys.set("tokenizer.ggml.add_bos_token", false);
      assertArrayEquals(keys.ids("a"), keys.tokenizer().encode("a", false));
    }
    var keys = Keys.byteLevel("gpt-2").token("<s>", Keys.CONTROL);
    keys.set("tokenizer.ggml.bos_token_id", keys.id("<s>"));
    assertArrayEquals(keys.ids("a"), keys.tokenizer().encode("a", false));
    keys.set("tokenizer.ggml.add_bos_token", true);
    assertArrayEquals(keys.ids("<s>", "a"), keys.tokenizer().encode("a", false));
  }

  @Test
  void gemma4SpellsCharactersAndTakesLineFeedsWhole() throws ModelFormatException {
    var keys = new Keys().set("tokenizer.ggml.model", "gemma4");
    keys.token("<bos>", Keys.CONTROL).set("tokenizer.ggml.bos_token_id", 0);
    for (String piece : new String[] {"a", "\u2581", "\n", "\n\n\n", "\u2581a", "a\u2581"}) {
      keys.token(piece, Keys.NORMAL);
    }
    keys.token("<0xC3>", Keys.BYTE).token("<0xA9>", Keys.BYTE);
    keys.merge("\u2581 a").merge("a \u2581");
    var tokenizer = keys.tokenizer();
    assertArrayEquals(
        keys.ids("<bos>", "a", "\u2581a", "\n\n\n", "a", "\n", "\n", "<0xC3>", "<0xA9>"),
        tokenizer.encode("a a\n\n\na\n\n\u00e9", false));
    assertEquals(" a\u00e9", tokenizer.decode(tokenizer.encode(" a\u00e9", false)));
  }

  @Test
  void aVocabularyWithoutAFamilyIsReadAsTheOldOnesWere() throws ModelFormatException {
    var keys = Keys.byteLevel("default", "1 2").without("tokenizer.ggml.pre");
    assertArrayEquals(keys.ids("12", "3", "4"), keys.tokenizer().encodePlain("1234", false));
  }

  @Test
  void unknownKindsAndFamiliesAreNamedWithWhatThereIs() {
    var kind =
        assertThrows(
            UnsupportedModelException.class,
            () -> Keys.byteLevel("gpt-2").set("tokenizer.ggml.model", "bert").tokenizer());
    assertEquals(
        "tiny.gguf: tokenizers of the kind 'bert' are not supported;"
            + " there are llama, gpt2 and gemma4",
        kind.getMessage());
    var family =
        assertThrows(UnsupportedModelException.class, () -> Keys.byteLevel("nobody's").tokenizer());
    assertTrue(family.getMessage().contains("'nobody's' is not known; there are a.x-4.0, afmoe"));
    assertTrue(family.getMessage().contains("qwen2"));
  }

  @Test
  void aPieceOutsideTheAlphabetIsTakenAsItStands() throws ModelFormatException {
    var keys = Keys.byteLevel("gpt-2").token("\u4e2d \u0120", Keys.NORMAL);
    assertEquals("\u4e2d \u0120", keys.tokenizer().decode(keys.id("\u4e2d \u0120")));
  }

  @Test
  void everyTextComesBackInEveryFamily(Random random) throws ModelFormatException {
    for (String family : PreTokenizer.allNames()) {
      if (PreTokenizer.named(family).orElseThrow().has(PreTokenizer.Trait.CHARACTERS)) {
        continue; // they have a space of their own
      }
      var tokenizer = Keys.byteLevel(family, MERGES).tokenizer();
      for (int i = 0; i < 50; i++) {
        String text = NastyText.of(random, 12);
        assertEquals(text, tokenizer.decode(tokenizer.encode(text, random.nextBoolean())), family);
      }
    }
  }

  @Test
  void halfACharacterIsReadAsTheReplacementCharacter() throws ModelFormatException {
    var tokenizer = Keys.byteLevel("gpt-2", MERGES).tokenizer();
    for (String text : new String[] {"a\ud83d", "\ude00b", "\ud83d\ud83d\ude00", "\ude00\ud83d"}) {
      String wellFormed = text.replaceAll("[\\ud800-\\udfff]", "\ufffd");
      assertEquals(wellFormed, tokenizer.decode(tokenizer.encode(text, true)));
    }
  }
}
