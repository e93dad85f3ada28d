package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.server.model.ServedModel;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// `/v1/completions` and what goes with it, against the fake model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CompletionsTest {
  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  @Test
  void aTextIsContinued() throws Exception {
    var response =
        served.post(
            "/v1/completions", "{\"model\":\"letters\",\"prompt\":\"x\"," + "\"max_tokens\":5}");
    assertEquals(200, response.statusCode(), response.body());
    var body = json(response.body());
    assertEquals("text_completion", body.get("object").stringValue());
    assertEquals("letters", body.get("model").stringValue());
    assertTrue(body.get("system_fingerprint").stringValue().startsWith("fp_"));
    assertEquals("abcde", body.at("/choices/0/text").stringValue());
    assertEquals("length", body.at("/choices/0/finish_reason").stringValue());
    assertTrue(body.at("/choices/0/logprobs").isNull());
    assertEquals(6, body.at("/usage/total_tokens").intValue());
    assertTrue(response.headers().firstValue("x-request-id").orElseThrow().startsWith("req_"));
  }

  @Test
  void severalPromptsAndTextsComeInOrder() throws Exception {
    var response =
        served.post(
            "/v1/completions",
            "{\"model\":\"abc\",\"prompt\":[\"x\",[121]],\"n\":2,\"echo\":true,"
                + "\"max_tokens\":1}");
    var choices = json(response.body()).get("choices");
    assertEquals(4, choices.size());
    assertEquals(
        List.of("xa", "xa", "ya", "ya"),
        choices.values().stream().map(choice -> choice.get("text").stringValue()).toList());
    assertEquals(3, choices.get(3).get("index").intValue());
    assertEquals(2, json(response.body()).at("/usage/prompt_tokens").intValue());
  }

  @Test
  void aStreamEndsWithUsageAndDone() throws Exception {
    var response =
        served.post(
            "/v1/completions",
            "{\"model\":\"letters\",\"prompt\":\"x\",\"max_tokens\":3,\"stream\":true,"
                + "\"stream_options\":{\"include_usage\":true}}");
    assertEquals(
        "text/event-stream; charset=utf-8", response.headers().firstValue("content-type").get());
    List<String> events = Events.of(response.body());
    assertEquals("[DONE]", events.getLast());
    var text = new StringBuilder();
    for (String event : events.subList(0, events.size() - 2)) {
      text.append(json(event).at("/choices/0/text").stringValue());
      assertTrue(json(event).get("usage").isNull());
    }
    assertEquals("abc", text.toString());
    assertEquals(
        "length", json(events.get(events.size() - 3)).at("/choices/0/finish_reason").stringValue());
    var last = json(events.get(events.size() - 2));
    assertEquals(0, last.get("choices").size());
    assertEquals(3, last.at("/usage/completion_tokens").intValue());
  }

  @Test
  void tokensComeWithTheirProbabilities() throws Exception {
    String body =
        "{\"model\":\"letters\",\"prompt\":\"xyz\",\"max_tokens\":2,\"logprobs\":1,\"echo\":true";
    var choice = json(served.post("/v1/completions", body + "}").body()).at("/choices/0");
    assertEquals("xyzab", choice.get("text").stringValue());
    var logprobs = choice.get("logprobs");
    assertEquals(json("[\"x\",\"y\",\"z\",\"a\",\"b\"]"), logprobs.get("tokens"));
    assertEquals(json("[null,-0.5,-0.5,-0.5,-0.5]"), logprobs.get("token_logprobs"));
    assertEquals(json("[0,1,2,3,4]"), logprobs.get("text_offset"));
    assertTrue(logprobs.at("/top_logprobs/0").isNull());
    assertEquals(json("{\"y\":-0.5,\"z\":-1.5}"), logprobs.at("/top_logprobs/1"));
    var events = Events.of(served.post("/v1/completions", body + ",\"stream\":true}").body());
    var tokens = new StringBuilder();
    var text = new StringBuilder();
    for (String event : events.subList(0, events.size() - 1)) {
      text.append(json(event).at("/choices/0/text").stringValue());
      for (var token : json(event).at("/choices/0/logprobs/tokens")) {
        tokens.append(token.stringValue());
      }
    }
    assertEquals("xyzab", text.toString());
    assertEquals("xyzab", tokens.toString());
    var score = json(served.post("/v1/completions", body.replace(":2", ":0") + "}").body());
    assertEquals(3, score.at("/choices/0/logprobs/tokens").size());
  }

  @Test
  void theBestOfSeveralAreAnswered() throws Exception {
    var response =
        served.post(
            "/v1/completions",
            "{\"model\":\"letters\",\"prompt\":[\"x\",\"y\"],\"max_tokens\":2,\"n\":2,"
                + "\"best_of\":5}");
    var body = json(response.body());
    assertEquals(4, body.get("choices").size());
    assertEquals(3, body.at("/choices/3/index").intValue());
    assertTrue(body.at("/choices/0/logprobs").isNull());
    assertEquals(20, body.at("/usage/completion_tokens").intValue());
  }

  @Test
  void aGapIsFilledByAModelThatKnowsHow() throws Exception {
    String body =
        "{\"model\":\"letters\",\"prompt\":\"a\",\"suffix\":\"b\",\"max_tokens\":1,\"echo\":true,"
            + "\"logprobs\":0}";
    served.model.gap = Optional.of(new ServedModel.Gap(1, 2, 3));
    try {
      var choice = json(served.post("/v1/completions", body).body()).at("/choices/0");
      assertEquals("aa", choice.get("text").stringValue());
      assertEquals(
          json("[\"\\u0001\",\"a\",\"\\u0002\",\"b\",\"\\u0003\",\"a\"]"),
          choice.at("/logprobs/tokens"));
    } finally {
      served.model.gap = Optional.empty();
    }
  }

  @Test
  void anErrorWithinAStreamEndsItWithoutDone() throws Exception {
    var response =
        served.post(
            "/v1/completions",
            "{\"model\":\"letters\",\"prompt\":\"fail\",\"max_tokens\":9,\"stream\":true}");
    List<String> events = Events.of(response.body());
    assertEquals("engine_error", json(events.getLast()).at("/error/code").stringValue());
    assertFalse(events.contains("[DONE]"));
  }

  @Test
  void anErrorOfTheEngineIsAnAnswer() throws Exception {
    var response = served.post("/v1/completions", "{\"model\":\"letters\",\"prompt\":\"fail\"}");
    assertEquals(500, response.statusCode());
    assertEquals("engine_error", json(response.body()).at("/error/code").stringValue());
  }

  @Test
  void aFullQueueSaysWhenToComeBack() throws Exception {
    var response = served.post("/v1/completions", "{\"model\":\"letters\",\"prompt\":\"full\"}");
    assertEquals(503, response.statusCode());
    assertEquals("overloaded", json(response.body()).at("/error/code").stringValue());
    long seconds = Long.parseLong(response.headers().firstValue("retry-after").orElseThrow());
    assertTrue(seconds >= 2 && seconds <= 3, "retry after " + seconds);
  }

  @Test
  void aPromptThatLeavesNoRoomIsRefused() throws Exception {
    var response =
        served.post(
            "/v1/completions",
            "{\"model\":\"letters\",\"prompt\":\"" + "x".repeat(FakeModel.CONTEXT) + "\"}");
    assertEquals(400, response.statusCode());
    var error = json(response.body()).get("error");
    assertEquals("context_length_exceeded", error.get("code").stringValue());
    assertEquals("prompt", error.get("param").stringValue());
  }

  @Test
  void modelsAreListedByName() throws Exception {
    var list = json(served.get("/v1/models").body());
    assertEquals("list", list.get("object").stringValue());
    assertEquals("letters", list.at("/data/0/id").stringValue());
    var one = json(served.get("/v1/models/letters").body());
    assertEquals(list.at("/data/0"), one);
    assertEquals(404, served.get("/v1/models/..%2F..%2Fetc%2Fpasswd").statusCode());
  }

  @Test
  void textsBecomeTokensAndTextsAgain() throws Exception {
    var tokens =
        json(served.post("/v1/tokenize", "{\"model\":\"letters\",\"prompt\":\"ab\"}").body());
    assertEquals(2, tokens.get("count").intValue());
    assertEquals(json("[97,98]"), tokens.get("tokens"));
    var text =
        json(served.post("/v1/detokenize", "{\"model\":\"letters\",\"tokens\":[97,98]}").body());
    assertEquals("ab", text.get("prompt").stringValue());
  }
}
