package dev.educe.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.ModelFormatException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Which tokens end generation.
class EndTokensTest {
  private static List<String> ends(Keys keys) throws ModelFormatException {
    var tokenizer = keys.tokenizer();
    return IntStream.range(0, tokenizer.vocabularySize())
        .filter(tokenizer::endsGeneration)
        .mapToObj(tokenizer::piece)
        .toList();
  }

  private static Keys with(String... pieces) {
    var keys = Keys.byteLevel("gpt-2");
    Arrays.stream(pieces).forEach(piece -> keys.token(piece, Keys.NORMAL));
    return keys;
  }

  @Test
  void keysNameThem() throws ModelFormatException {
    var keys = with("x1", "x2", "x3", "x4", "x5");
    keys.set("tokenizer.ggml.eos_token_id", keys.id("x1"));
    keys.set("tokenizer.ggml.eot_token_id", keys.id("x2"));
    keys.set("tokenizer.ggml.eom_token_id", keys.id("x3"));
    keys.set("tokenizer.ggml.fim_pad_token_id", keys.id("x4"));
    assertEquals(List.of("x1", "x2", "x3", "x4"), ends(keys));
  }

  @Test
  void spellingsNameThemAndMakeThemControlTokens() throws ModelFormatException {
    String[] spellings = {
      "<|eot_id|>",
      "<|im_end|>",
      "<|end|>",
      "<end_of_turn>",
      "<|endoftext|>",
      "<|eom_id|>",
      "[EOT]",
      "<\uff5cend\u2581of\u2581sentence\uff5c>",
      "<|file_sep|>",
      "<|fim_pad|>"
    };
    var keys = with(spellings).token("<|im_start|>", Keys.CONTROL);
    assertEquals(List.of(spellings), ends(keys));
    for (String spelling : spellings) {
      assertTrue(keys.tokenizer().isControl(keys.id(spelling)));
    }
    assertEquals(List.of(), ends(with("eot_id", "endoftext")));
  }

  @Test
  void aMarkOfAGapIsAControlTokenAndEndsNothing() throws ModelFormatException {
    var keys = with("<fim_prefix>");
    assertTrue(keys.tokenizer().isControl(keys.id("<fim_prefix>")));
    assertEquals(List.of(), ends(keys));
  }

  @Test
  void theEndOfAMessageOfSeveralDoesNotEndTheTurn() throws ModelFormatException {
    assertEquals(
        List.of("<|call|>", "<|return|>"), ends(with("<|call|>", "<|return|>", "<|end|>")));
    assertEquals(
        List.of("<|flush|>", "<|calls|>"), ends(with("<|flush|>", "<|calls|>", "<|end|>")));
    assertEquals(List.of("<|call|>", "<|end|>"), ends(with("<|call|>", "<|end|>")));
  }

  @Test
  void whereThereAreToolResponsesAnHtmlTagIsText() throws ModelFormatException {
    var keys = with("<|tool_response>", "</s>");
    assertEquals(List.of("<|tool_response>"), ends(keys));
    assertFalse(keys.tokenizer().isControl(keys.id("</s>")));
  }
}
