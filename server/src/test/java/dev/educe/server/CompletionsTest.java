package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
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
        served.post("/v1/completions", "{\"model\":\"letters\",\"prompt\":\"x\",\"max_tokens\":5}");
    assertEquals(200, response.statusCode(), response.body());
    var body = json(response.body());
    assertEquals("text_completion", body.get("object").stringValue());
    assertEquals("letters", body.get("model").stringValue());
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
            "{\"model\":\"abc\",\"prompt\":[\"x\",[121]],\"n\":2,\"echo\":true,\"max_tokens\":1}");
    var choices = json(response.body()).get("choices");
    assertEquals(4, choices.size());
    assertEquals(
        List.of("xa", "xa", "ya", "ya"),
        choices.values().stream().map(choice -> choice.get("text").stringValue()).toList());
    assertEquals(3, choices.get(3).get("index").intValue());
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
