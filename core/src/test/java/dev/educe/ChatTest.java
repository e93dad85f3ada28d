package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation.Finish;
import dev.educe.engine.Ended;
import dev.educe.engine.Event;
import dev.educe.engine.EventQueue;
import dev.educe.engine.Listener;
import dev.educe.grammar.Part;
import dev.educe.sampling.LogProbabilities;
import dev.educe.sampling.Sampling;
import dev.educe.template.reply.ReplyFormat;
import dev.educe.template.reply.ReplyPart;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Conversations with a real model, small as it is.
@ExtendWith(Seeded.class)
class ChatTest {
  /// Begins every answer inside reasoning.
  private static final ChatTemplate REASONING =
      ChatTemplate.parse(
          "{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}<think>\n"
              + "{# </think> reasoning_content #}");

  private static Model model;
  private static Chat chat;

  @BeforeAll
  static void load() throws IOException {
    model = Model.load(TestData.file("models", "stories260K.gguf"));
    chat = model.chat(ChatTemplate.parse("{{ messages[-1].content }}"));
  }

  @AfterAll
  static void close() {
    if (model != null) {
      model.close();
    }
  }

  private static ChatRequest request(String text, int tokens) {
    return ChatRequest.of(text)
        .withGeneration(Request.of("").withTokensMax(tokens).withSampling(Sampling.greedy()));
  }

  @Test
  void aConversationGoesOnAsTheSamePromptDoes() {
    var reply = chat.reply(request("Once upon a time", 50));
    var plain =
        model.generate(
            Request.of("Once upon a time").withTokensMax(50).withSampling(Sampling.greedy()));
    assertEquals(plain.tokens(), reply.generation().tokens());
    assertEquals(plain.text().strip(), reply.text().strip());
    assertEquals(Finish.LENGTH, reply.generation().finish());
  }

  @Test
  void anAnswerThatIsBegunIsGoneOnWith() {
    var begun = List.of(Message.user("Once upon"), Message.assistant(" a time, <s> there was"));
    var prompt = chat.prompt(request("x", 30).withMessages(begun));
    var whole = ChatRequest.of("Once upon a time, <s> there was");
    assertEquals(Arrays.toString(chat.prompt(whole).tokens()), Arrays.toString(prompt.tokens()));
    var reply = chat.reply(request("x", 30).withMessages(begun));
    assertFalse(reply.text().contains("there was <s>"), reply.text());
    assertTrue(reply.text().length() > 20, reply.text());
    var held = request("x", 30).withMessages(begun).withAnswerForm(new Part.Pattern("a"));
    var refused = assertThrows(IllegalArgumentException.class, () -> chat.prompt(held));
    assertTrue(refused.getMessage().contains("begun"), refused.getMessage());
    var reasoning = model.chat(REASONING);
    refused =
        assertThrows(
            IllegalArgumentException.class,
            () -> reasoning.prompt(request("x", 30).withMessages(begun)));
    assertTrue(refused.getMessage().contains("reasons before"), refused.getMessage());
  }

  @Test
  void thePartsAreTheWhole() {
    var parts = new ArrayList<ReplyPart>();
    var reply = chat.reply(request("Once upon a time", 60), parts::add);
    var text = new StringBuilder();
    for (var part : parts) {
      text.append(((ReplyPart.Content) part).text());
    }
    assertEquals(reply.text(), text.toString());
    assertTrue(parts.size() > 10, parts.size() + " parts");
  }

  @Test
  void anAnswerCanBeCancelled() {
    try (var reply = chat.start(request("Once upon a time", 400))) {
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

  enum Mood {
    GLAD,
    SAD
  }

  record Answer(boolean isTrue, Mood mood) {}

  @Test
  void anAnswerIsARecord() {
    for (int seed = 0; seed < 5; seed++) {
      var request = request("Once upon a time", 60);
      var sampling = Sampling.defaults().withSeed(seed).withTemperature(1);
      var sampled = request.withGeneration(request.generation().withSampling(sampling));
      var answer = chat.answer(sampled, Answer.class);
      assertTrue(answer.mood() == Mood.GLAD || answer.mood() == Mood.SAD);
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> chat.answer(request("Once upon a time", 3), Answer.class));
  }

  @Test
  void aFormIsKeptBehindReasoningAndBesideTools() {
    var form = new Part.Pattern("[0-9]{3}");
    for (int seed = 0; seed < 5; seed++) {
      var request = request("Once upon a time", 80).withAnswerForm(form);
      var sampling = Sampling.defaults().withSeed(seed).withTemperature(1);
      var sampled =
          request
              .withReasoningTokensMax(5)
              .withGeneration(request.generation().withSampling(sampling));
      var reasoned = model.chat(REASONING).reply(sampled);
      assertTrue(reasoned.text().matches("[0-9]{3}"), reasoned.toString());
      assertFalse(reasoned.message().reasoning().isEmpty());
      var tell = Tool.of("tell", "", Answer.class, _ -> "");
      var either = model.chat(ChatTemplate.plain()).reply(sampled.withTools(tell));
      assertTrue(either.text().matches("[0-9]{3}") || either.calls().size() == 1);
    }
  }

  @Test
  void aStrictToolIsCalledAsItsSchemaSays(Random random) {
    var tell = Tool.of("tell", "", Answer.class, _ -> "");
    // Not a model's text, which would hardly begin a call, but any that is allowed.
    int begin = tokenizer().encodePlain("x", false)[0];
    var format = ReplyFormat.detect("<tool_call> </tool_call>");
    var tools = List.of(tell.withStrict(true));
    assertEquals("<tool_call>", CallGrammar.trigger(format, tools).orElseThrow());
    assertTrue(CallGrammar.trigger(format, List.of(tell)).isEmpty());
    var grammar = CallGrammar.afterTrigger(format, tools, tokenizer());
    var constraint =
        new StrictCalls(
            tokenizer().decode(begin).strip(), model.grammars().of(grammar), tokenizer());
    assertTrue(constraint.accept(begin));
    var text = new StringBuilder();
    var decoder = tokenizer().markupDecoder(begin);
    int steps = 0;
    while (steps++ < 500 && Arrays.stream(constraint.allowed()).map(Long::bitCount).sum() < 512) {
      var allowed = BitSet.valueOf(constraint.allowed());
      int token = allowed.nextSetBit(random.nextInt(allowed.length()));
      assertTrue(constraint.accept(token));
      text.append(decoder.next(token));
    }
    assertTrue(
        text.toString()
            .matches(
                "\\n\\{\"name\": \"tell\", \"arguments\": \\{.*\"isTrue\".*\\}\\}\\n</tool_call>"),
        text.toString());
  }

  private static Tokenizer tokenizer() {
    return model.tokenizer();
  }

  @Test
  void aPromptCanBeStartedByWhoeverHasAQueue() throws InterruptedException {
    var request = request("Once upon a time", 20);
    var prompted = request.withGeneration(request.generation().withPromptLogprobs(1));
    var prompt = chat.prompt(prompted);
    var queue = new EventQueue(100, () -> {});
    var likely = new ArrayList<LogProbabilities>();
    var listener =
        new Listener() {
          @Override
          public void promptToken(LogProbabilities logprobs) {
            likely.add(logprobs);
          }

          @Override
          public void token(Event.Token token) {
            queue.token(token);
          }

          @Override
          public void ended(Ended ended) {
            queue.ended(ended);
          }
        };
    var decoder = model.tokenizer().markupDecoder(prompt.tokens());
    model.start(prompt.tokens(), prompt.requests().get(), 0, decoder, listener);
    var text = new StringBuilder();
    for (var event = queue.take(); event instanceof Event.Token token; event = queue.take()) {
      text.append(token.text());
    }
    assertEquals(chat.reply(request).text(), text.toString());
    assertEquals(prompt.tokens().length - 1, likely.size());
    assertEquals(prompt.tokens()[1], likely.getFirst().token());
  }

  @Test
  void thePlainTemplateNamesRolesAndTools() {
    var call = new ToolCall("id", "tell", "{\"a\":1}");
    var request =
        ChatRequest.of(
                List.of(
                    Message.system("Be brief."),
                    Message.user("Hi"),
                    new Message.Assistant("", "", List.of(call)),
                    Message.result(call, "yes")))
            .withTools(Tool.of("tell", "tells", "{}"));
    var prompt = model.chat(ChatTemplate.plain()).prompt(request);
    assertEquals(
        """
        Tools, called as <tool_call>{"name": "...", "arguments": {...}}</tool_call>:
        {"name": "tell", "description": "tells", "parameters": {}}

        System:
        Be brief.

        User:
        Hi

        Assistant:
        <tool_call>
        {"name": "tell", "arguments": {"a": 1}}
        </tool_call>

        Tool:
        yes

        Assistant:
        """
            .strip(),
        model.tokenizer().decode(prompt.tokens()).strip());
    assertEquals(List.of("\nUser:\n"), prompt.requests().get().stop());
  }

  @Test
  void aRequiredToolIsCalled() {
    var tools =
        model.chat(ChatTemplate.parse("{{ messages[-1].content }}{# <tool_call> </tool_call> #}"));
    var seen = new ArrayList<Answer>();
    var tell = Tool.of("tell", "", Answer.class, answer -> seen.add(answer));
    var other = Tool.of("other", "", Answer.class, answer -> "");
    var request = request("Once upon a time", 120).withTools(tell, other);
    var reply = tools.reply(request.withToolChoice(ToolChoice.named("tell")));
    assertEquals("", reply.text());
    assertEquals(1, reply.calls().size(), reply.toString());
    assertEquals("tell", reply.calls().getFirst().name());
    // It would rather tell a story than call again, and so it ends.
    var any = tools.reply(request.withToolChoice(ToolChoice.REQUIRED));
    assertEquals(1, any.calls().size(), any.toString());
    assertEquals(Finish.STOP, any.generation().finish(), any.toString());
    // A model that may not end yet goes on as its grammar lets it: with more calls.
    var endless = request.withGeneration(request("", 250).generation().withIgnoreEnd(true));
    var several = tools.reply(endless.withToolChoice(ToolChoice.REQUIRED));
    assertTrue(several.calls().size() > 1, several.toString());
    assertEquals("", several.text());
    var one = tools.reply(endless.withToolChoice(ToolChoice.named("tell")));
    assertEquals(1, one.calls().size(), one.toString());
    var added = tools.callTools(request.withToolChoice(ToolChoice.named("tell")), 3, _ -> {});
    assertEquals(1, seen.size());
    assertEquals(3, added.size());
    assertEquals("true", added.get(1).text());
    assertThrows(
        IllegalArgumentException.class, () -> request.withToolChoice(ToolChoice.named("nope")));
    assertThrows(
        IllegalArgumentException.class, () -> request("x", 1).withToolChoice(ToolChoice.REQUIRED));
  }

  @Test
  void severalAnswersAreThoseOfTheirNumbers() {
    var request = request("Once upon a time", 30).withReasoningTokensMax(3);
    var sampled =
        request.withGeneration(request.generation().withSampling(Sampling.defaults().withSeed(7)));
    var started = model.chat(REASONING).start(sampled, 2);
    for (boolean goesOn = true; goesOn; ) {
      goesOn = false;
      for (var reply : started) {
        if (reply.hasNext()) {
          reply.next();
          goesOn = true;
        }
      }
    }
    var first = model.chat(REASONING).reply(sampled);
    assertEquals(first.generation().tokens(), started.getFirst().result().generation().tokens());
    for (var reply : started) {
      assertFalse(reply.result().text().isEmpty());
    }
    assertFalse(started.get(0).result().text().equals(started.get(1).result().text()));
    assertThrows(IllegalArgumentException.class, () -> chat.start(request, 0));
  }

  @Test
  void stopTextsEndAnAnswer() {
    var request = request("Once upon a time", 100);
    var stopped =
        chat.reply(request.withGeneration(request.generation().withStop(List.of("Lily"))));
    assertEquals(Finish.STOP, stopped.generation().finish());
    assertFalse(stopped.text().contains("Lily"));
  }

  @Test
  void reasoningEndsWhenItsBudgetIsSpent() {
    var thinking = model.chat(REASONING);
    var request = request("Once upon a time", 80);
    var free = thinking.reply(request);
    assertEquals("", free.text());
    assertFalse(free.message().reasoning().isEmpty());
    for (int budget : List.of(0, 1, 20)) {
      var bound = thinking.reply(request.withReasoningTokensMax(budget));
      assertFalse(bound.text().isEmpty(), "budget " + budget);
      String reasoning = bound.message().reasoning();
      assertTrue(free.message().reasoning().startsWith(reasoning), reasoning);
      assertEquals(budget == 0, reasoning.isEmpty());
      int tokens = model.tokenizer().encodePlain(reasoning, false).length;
      assertTrue(tokens <= budget + 2, reasoning);
    }
  }

  /// The grammar holds once the reasoning has ended, by the budget.
  @Test
  void reasoningGoesBeforeAnAnswerThatMustFit() {
    var thinking = model.chat(REASONING);
    for (int budget : List.of(0, 1, 20)) {
      var request = request("Once upon a time", 100).withReasoningTokensMax(budget);
      var answer = thinking.answer(request, Answer.class);
      assertTrue(answer.mood() == Mood.GLAD || answer.mood() == Mood.SAD);
      var number = model.grammars().regex("[0-9]{3}");
      var reply = thinking.reply(request.withGeneration(request.generation().withGrammar(number)));
      assertTrue(reply.text().matches("[0-9]{3}"), reply.text());
      assertEquals(budget == 0, reply.message().reasoning().isEmpty());
      assertEquals(Finish.STOP, reply.generation().finish());
    }
    var endless = request("Once upon a time", 50);
    assertThrows(IllegalArgumentException.class, () -> thinking.answer(endless, Answer.class));
  }

  /// The grammar holds once the reasoning has ended, by the model.
  @Test
  void aModelThatEndsItsReasoningAnswersAsItMust() {
    int[] marker = model.tokenizer().encodePlain("</think>", true);
    int[] start = {Integer.MAX_VALUE};
    var request = request("Once upon a time", 60);
    var generation =
        request
            .generation()
            .withGrammar(model.grammars().regex("[0-9]{3}"))
            .withProcessors(
                List.of(logits -> {
                  start[0] = Math.min(start[0], logits.position());
                  int at = logits.position() - start[0] - 7;
                  if (at >= 0 && at < marker.length) {
                    var only = new long[Math.ceilDiv(logits.size(), Long.SIZE)];
                    only[marker[at] / Long.SIZE] = 1L << marker[at];
                    logits.allowOnly(only);
                  }
                }));
    var reply = model.chat(REASONING).reply(request.withGeneration(generation));
    assertTrue(reply.text().matches("[0-9]{3}"), reply.toString());
    assertFalse(reply.message().reasoning().isEmpty());
  }

  @Test
  void aRequiredCallComesAfterTheReasoning() {
    var tools =
        model.chat(
            ChatTemplate.parse(
                "{{ messages[-1].content }}<think>\n{# </think> <tool_call> </tool_call> #}"));
    var tell = Tool.of("tell", "", Answer.class, _ -> "");
    var request =
        request("Once upon a time", 120)
            .withTools(tell)
            .withToolChoice(ToolChoice.named("tell"))
            .withReasoningTokensMax(10);
    var reply = tools.reply(request);
    assertEquals(1, reply.calls().size(), reply.toString());
    assertFalse(reply.message().reasoning().isEmpty());
    assertEquals("", reply.text());
  }

  @Test
  void aBudgetThatSufficesChangesNothing() {
    var thinking = model.chat(REASONING);
    var request = request("Once upon a time", 40);
    assertEquals(
        thinking.reply(request).generation().tokens(),
        thinking.reply(request.withReasoningTokensMax(40)).generation().tokens());
  }

  @Test
  void aModelWithoutATemplateSaysWhatToDo() {
    var failure = assertThrows(IllegalArgumentException.class, () -> model.chat());
    assertTrue(failure.getMessage().contains("has no chat template"), failure.getMessage());
    assertTrue(failure.getMessage().contains("ChatML"), failure.getMessage());
    var reply = model.chat(ChatTemplate.chatml()).reply(request("hi", 8));
    assertEquals(8, reply.generation().usage().generatedTokens());
  }

  @Test
  void whatIsNoRequestIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> ChatRequest.of(List.of()));
    assertThrows(
        IllegalArgumentException.class, () -> ChatRequest.of("x").withReasoningTokensMax(-1));
  }
}
