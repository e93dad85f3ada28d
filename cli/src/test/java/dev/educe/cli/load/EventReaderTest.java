package dev.educe.cli.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// What is counted of a stream, however much of it looks alike.
class EventReaderTest {
  private final EventReader completions = new EventReader(Endpoint.COMPLETIONS);

  private static void feed(EventReader reader, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i += 7) {
      reader.take(bytes, i, Math.min(bytes.length, i + 7)); // as a network may cut it
    }
  }

  private static String chunk(String text, String rest) {
    return "data: {\"id\":\"a\",\"model\":\"a\",\"choices\":[{\"text\":\"%s\",\"index\":0%s}]}\n\n"
        .formatted(text, rest);
  }

  @Test
  void eventsThatDifferInTheirTextsAreCountedEach() {
    feed(completions, chunk("a", "") + chunk("b", "") + chunk(" länger", "") + chunk("a", ""));
    feed(completions, "data: [DONE]\n\n");
    assertEquals(4, completions.pieces());
    assertEquals(3, completions.gaps().length);
    assertTrue(completions.isWhole);
    assertEquals("", completions.error);
  }

  @Test
  void whatLooksAlikeButBringsNoTextIsNotCounted() {
    feed(completions, chunk("a", "") + chunk("", "") + ": ping\n\n" + chunk("", ""));
    assertEquals(1, completions.pieces());
  }

  @Test
  void quotesAndMarksWithinATextAreText() {
    feed(completions, chunk("a", "") + chunk("\\\"", "") + chunk("\\n", "") + chunk("\\\\", ""));
    feed(completions, chunk("b", ",\"finish_reason\":\"stop\"") + chunk("c", ""));
    assertEquals(6, completions.pieces());
    assertEquals("", completions.error);
  }

  @Test
  void usageAndErrorsAreSeenAmongEventsThatLookAlike() {
    feed(completions, chunk("a", "") + chunk("b", ""));
    feed(
        completions,
        "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n\n");
    assertEquals(3, completions.promptTokens);
    assertEquals(2, completions.writtenTokens);
    assertFalse(completions.isWhole);
    feed(completions, chunk("a", "") + "data: {\"error\":{\"message\":\"no more\"}}\n\n");
    assertEquals("no more", completions.error);
    feed(completions, chunk("x\"", ""));
    assertEquals("an event is no JSON", completions.error);
  }

  @Test
  void usageInEveryChunkIsFollowed() {
    for (int i = 1; i <= 3; i++) {
      feed(
          completions,
          ("data: {\"choices\":[{\"text\":\"a\"}],"
                  + "\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":%d}}\n\n")
              .formatted(i));
    }
    assertEquals(3, completions.pieces());
    assertEquals(3, completions.writtenTokens);
  }

  @Test
  void thoughtsAndWordsOfAConversationAreBothText() {
    var chat = new EventReader(Endpoint.CHAT);
    String event = "data: {\"choices\":[{\"delta\":{\"content\":\"%s\"}}]}\n\n";
    String thought =
        "data: {\"choices\":[{\"delta\":{\"content\":\"\",\"reasoning_content\":\"%s\"}}]}\n\n";
    feed(chat, "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n");
    assertEquals(0, chat.pieces());
    feed(chat, thought.formatted("hm") + thought.formatted("") + thought.formatted("so"));
    feed(chat, event.formatted("a") + event.formatted("b") + event.formatted(""));
    assertEquals(4, chat.pieces());
  }
}
