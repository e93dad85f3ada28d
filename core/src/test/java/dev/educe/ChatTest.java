package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation.Finish;
import dev.educe.sampling.Sampling;
import dev.educe.template.reply.ReplyPart;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Conversations with a real model, small as it is.
class ChatTest {
  /// Begins every answer inside reasoning.
  private static final ChatTemplate REASONING =
      ChatTemplate.parse(
          "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}<think>\n"
              + "{# </think> reasoning_content #}");

  private static Model model;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(TestData.file("models", "stories260K.gguf"));
  }

  @AfterAll
  static void close() {
    if (model != null) {
      model.close();
    }
  }

  private static ChatRequest request(String text, int tokens) {
    return ChatRequest.of(text)
        .withTemplate(ChatTemplate.parse("{{ messages[-1].content }}"))
        .withGeneration(Request.of("").withTokensMax(tokens).withSampling(Sampling.greedy()));
  }

  @Test
  void aConversationGoesOnAsTheSamePromptDoes() {
    var chat = model.chat(request("Once upon a time", 50));
    var plain =
        model.generate(
            Request.of("Once upon a time").withTokensMax(50).withSampling(Sampling.greedy()));
    assertEquals(plain.tokens(), chat.generation().tokens());
    assertEquals(plain.text().strip(), chat.text().strip());
    assertEquals(Finish.LENGTH, chat.generation().finish());
  }

  @Test
  void thePartsAreTheWhole() {
    var parts = new ArrayList<ReplyPart>();
    var reply = model.chat(request("Once upon a time", 60), parts::add);
    var text = new StringBuilder();
    for (var part : parts) {
      text.append(((ReplyPart.Content) part).text());
    }
    assertEquals(reply.text(), text.toString());
    assertTrue(parts.size() > 10, parts.size() + " parts");
  }

  @Test
  void anAnswerCanBeCancelled() {
    try (var reply = model.startChat(request("Once upon a time", 400))) {
      while (reply.hasNext()) {
        if (!reply.next().isEmpty()) {
          reply.cancel();
        }
      }
      var result = reply.result();
      assertEquals(Finish.CANCELLED, result.generation().finish());
      assertFalse(result.text().isEmpty());
    }
  }

  @Test
  void stopTextsEndAnAnswer() {
    var request = request("Once upon a time", 100);
    var stopped =
        model.chat(request.withGeneration(request.generation().withStop(List.of("Lily"))));
    assertEquals(Finish.STOP, stopped.generation().finish());
    assertFalse(stopped.text().contains("Lily"));
  }

  @Test
  void reasoningEndsWhenItsBudgetIsSpent() {
    var request = request("Once upon a time", 80).withTemplate(REASONING);
    var free = model.chat(request);
    assertEquals("", free.text());
    assertFalse(free.message().reasoning().isEmpty());
    for (int budget : List.of(0, 1, 20)) {
      var bound = model.chat(request.withReasoningTokensMax(budget));
      assertFalse(bound.text().isEmpty(), "budget " + budget);
      String reasoning = bound.message().reasoning();
      assertTrue(free.message().reasoning().startsWith(reasoning), reasoning);
      assertEquals(budget == 0, reasoning.isEmpty());
      int tokens = model.tokenizer().encodePlain(reasoning, false).length;
      assertTrue(tokens <= budget + 2, reasoning);
    }
  }

  @Test
  void aBudgetThatSufficesChangesNothing() {
    var request = request("Once upon a time", 40).withTemplate(REASONING);
    assertEquals(
        model.chat(request).generation().tokens(),
        model.chat(request.withReasoningTokensMax(40)).generation().tokens());
  }

  @Test
  void aModelWithoutATemplateSaysWhatToDo() {
    var failure =
        assertThrows(IllegalArgumentException.class, () -> model.chat(ChatRequest.of("hi")));
    assertTrue(failure.getMessage().contains("has no chat template"), failure.getMessage());
    assertTrue(failure.getMessage().contains("ChatML"), failure.getMessage());
    var chatml = request("hi", 8).withTemplate(ChatTemplate.chatml());
    assertEquals(8, model.chat(chatml).generation().usage().generatedTokens());
  }

  @Test
  void whatIsNoRequestIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> ChatRequest.of(List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> ChatRequest.of("x").withReasoningTokensMax(-1));
  }
}
