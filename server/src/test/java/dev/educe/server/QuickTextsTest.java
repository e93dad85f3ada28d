package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/// Texts that are written quicker than they are sent.
class QuickTextsTest {
  @Test
  void everyTokenIsAnEventOfItsOwnHoweverManyGoAtOnce() throws Exception {
    try (var served = new Served()) {
      String body =
          "{\"model\":\"letters\",\"prompt\":\"x\",\"stream\":true,\"max_tokens\":900,\"n\":2}";
      var texts = new StringBuilder[] {new StringBuilder(), new StringBuilder()};
      int pieces = 0;
      for (String data : Events.of(served.post("/v1/completions", body).body())) {
        if (data.equals("[DONE]")) {
          continue;
        }
        var choice = Served.json(data).get("choices").get(0);
        String text = choice.get("text").stringValue();
        texts[choice.get("index").intValue()].append(text);
        pieces += text.length();
        assertEquals(Math.min(1, text.length()), text.length(), data);
      }
      assertEquals(1_800, pieces);
      for (var text : texts) {
        for (int i = 0; i < text.length(); i++) {
          assertEquals('a' + i % 26, text.charAt(i));
        }
      }
    }
  }
}
