package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Message;
import dev.educe.grammar.Part;
import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `/v1/responses`, against the fake model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResponsesTest {
  private static final String TOOLS =
      ",\"tools\":[{\"type\":\"function\",\"name\":\"tell\",\"parameters\":{},\"strict\":true}]";
  private static final String CALL =
      "say <think>hm</think>I will.<tool_call>{\"name\": \"tell\", \"arguments\": {\"a\": 1}}"
          + "</tool_call>";

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private static String body(String input, String more) {
    return "{\"model\":\"letters\",\"input\":%s%s}"
        .formatted(JsonMapper.shared().writeValueAsString(input), more);
  }

  private JsonNode ask(String input, String more) throws Exception {
    return post(body(input, more));
  }

  private JsonNode post(String body) throws Exception {
    var response = served.post("/v1/responses", body);
    assertEquals(200, response.statusCode(), response.body());
    return json(response.body());
  }

  /// The events of a stream, which are numbered.
  private List<JsonNode> stream(String input, String more) throws Exception {
    var response = served.post("/v1/responses", body(input, ",\"stream\":true" + more));
    assertEquals(200, response.statusCode(), response.body());
    var events = Events.of(response.body()).stream().map(Served::json).toList();
    for (int i = 0; i < events.size(); i++) {
      assertEquals(i, events.get(i).get("sequence_number").intValue());
      String name = events.get(i).get("type").stringValue();
      assertTrue(response.body().contains("event: " + name + "\ndata: "), name);
    }
    return events;
  }

  @Test
  void anInputIsAnswered() throws Exception {
    var body =
        ask(
            "say Hello",
            ",\"instructions\":\"Be brief.\",\"metadata\":{\"a\":\"b\"},\"top_p\":0.5");
    assertTrue(body.get("id").stringValue().startsWith("resp_"));
    assertEquals("response", body.get("object").stringValue());
    assertEquals("completed", body.get("status").stringValue());
    assertEquals(json("{\"a\":\"b\"}"), body.get("metadata"));
    assertEquals("Be brief.", body.get("instructions").stringValue());
    assertEquals(0.5, body.get("top_p").doubleValue());
    assertEquals(json("{\"type\":\"text\"}"), body.at("/text/format"));
    assertEquals("auto", body.get("tool_choice").stringValue());
    assertTrue(body.get("parallel_tool_calls").booleanValue());
    assertEquals(1, body.get("output").size());
    var item = body.at("/output/0");
    assertEquals("message", item.get("type").stringValue());
    assertEquals("assistant", item.get("role").stringValue());
    assertEquals("output_text", item.at("/content/0/type").stringValue());
    assertEquals("Hello", item.at("/content/0/text").stringValue());
    assertEquals(9, body.at("/usage/input_tokens").intValue());
    assertEquals(5, body.at("/usage/output_tokens").intValue());
    assertEquals(0, body.at("/usage/input_tokens_details/cached_tokens").intValue());
    assertEquals(
        List.of(Message.system("Be brief."), Message.user("say Hello")),
        served.model.asked.messages());
  }

  @Test
  void anAnswerThatWasCutIsIncomplete() throws Exception {
    var body = ask("say Hello", ",\"max_output_tokens\":2");
    assertEquals("incomplete", body.get("status").stringValue());
    assertEquals("max_output_tokens", body.at("/incomplete_details/reason").stringValue());
    assertEquals("incomplete", body.at("/output/0/status").stringValue());
    var events = stream("say Hello", ",\"max_output_tokens\":2");
    assertEquals("response.incomplete", events.getLast().get("type").stringValue());
  }

  @Test
  void reasoningTextAndCallsAreItems() throws Exception {
    var output = ask(CALL, TOOLS).get("output");
    assertTrue(served.model.asked.tools().getFirst().isStrict());
    assertEquals(
        List.of("reasoning", "message", "function_call"),
        output.values().stream().map(item -> item.get("type").stringValue()).toList());
    assertEquals("hm", output.at("/0/content/0/text").stringValue());
    assertEquals("I will.", output.at("/1/content/0/text").stringValue());
    assertEquals("tell", output.at("/2/name").stringValue());
    assertEquals("{\"a\":1}", output.at("/2/arguments").stringValue());
    assertFalse(output.at("/2/call_id").stringValue().isEmpty());
  }

  @Test
  void eventsComeInTheirOrder() throws Exception {
    var events = stream(CALL, TOOLS);
    var names = new ArrayList<String>();
    for (JsonNode event : events) {
      String name = event.get("type").stringValue();
      if (names.isEmpty() || !names.getLast().equals(name)) {
        names.add(name); // many pieces are as good as one
      }
    }
    assertEquals(
        """
        response.created
        response.in_progress
        response.output_item.added
        response.content_part.added
        response.reasoning_text.delta
        response.reasoning_text.done
        response.content_part.done
        response.output_item.done
        response.output_item.added
        response.content_part.added
        response.output_text.delta
        response.output_text.done
        response.content_part.done
        response.output_item.done
        response.output_item.added
        response.function_call_arguments.delta
        response.function_call_arguments.done
        response.output_item.done
        response.completed
        """,
        names.stream().map(name -> name + "\n").collect(Collectors.joining()));
    assertEquals("in_progress", events.getFirst().at("/response/status").stringValue());
    var last = events.getLast().get("response");
    assertEquals("completed", last.get("status").stringValue());
    var done =
        events.stream()
            .filter(event -> event.get("type").stringValue().equals("response.output_item.done"))
            .map(event -> event.get("item"))
            .toList();
    assertEquals(done, List.copyOf(last.get("output").values()));
    var text =
        events.stream()
            .filter(event -> event.get("type").stringValue().endsWith("output_text.delta"))
            .map(event -> event.get("delta").stringValue())
            .collect(Collectors.joining());
    assertEquals("I will.", text);
  }

  @Test
  void aResponseIsRememberedUntilItIsDeleted() throws Exception {
    var first = ask(CALL, TOOLS + ",\"instructions\":\"once\"");
    String id = first.get("id").stringValue();
    String callId = first.at("/output/2/call_id").stringValue();
    assertEquals(first, json(served.get("/v1/responses/" + id).body()));
    var second =
        post(
            "{\"model\":\"letters\",\"previous_response_id\":\""
                + id
                + "\",\"input\":[{\"type\":\"function_call_output\",\"call_id\":\""
                + callId
                + "\",\"output\":\"say yes\"}]"
                + TOOLS
                + "}");
    assertEquals(id, second.get("previous_response_id").stringValue());
    var messages = served.model.asked.messages();
    assertEquals(3, messages.size());
    assertEquals(Message.user(CALL), messages.get(0));
    var answer = (Message.Assistant) messages.get(1);
    assertEquals("I will.", answer.text());
    assertEquals("hm", answer.reasoning());
    assertEquals(callId, answer.calls().getFirst().id());
    assertEquals(new Message.ToolResult(callId, "tell", "say yes"), messages.get(2));

    String items = "/v1/responses/" + second.get("id").stringValue() + "/input_items";
    var all = json(served.get(items + "?order=asc").body());
    assertEquals(5, all.get("data").size());
    assertEquals("input_text", all.at("/data/0/content/0/type").stringValue());
    assertFalse(all.get("has_more").booleanValue());
    var page = json(served.get(items + "?limit=2").body());
    assertTrue(page.get("has_more").booleanValue());
    assertEquals(all.get("last_id"), page.get("first_id"));
    var next = json(served.get(items + "?after=" + page.get("last_id").stringValue()).body());
    assertEquals(3, next.get("data").size());
    assertEquals(400, served.get(items + "?limit=0").statusCode());
    assertEquals(400, served.get(items + "?after=%ff%fe").statusCode());

    var deleted = json(served.send(served.request("/v1/responses/" + id).DELETE()).body());
    assertTrue(deleted.get("deleted").booleanValue());
    assertEquals(404, served.get("/v1/responses/" + id).statusCode());
    var gone = served.post("/v1/responses", body("x", ",\"previous_response_id\":\"" + id + "\""));
    assertEquals("previous_response_not_found", json(gone.body()).at("/error/code").stringValue());
  }

  @Test
  void whatIsNotStoredIsNotThere() throws Exception {
    var body = ask("say x", ",\"store\":false");
    assertEquals(404, served.get("/v1/responses/" + body.get("id").stringValue()).statusCode());
  }

  @Test
  void anotherTenantsResponseIsAsUnknownAsNone(@TempDir Path folder) throws Exception {
    var file = new KeyFile(folder.resolve("keys.json"));
    var secrets = new ArrayList<String>();
    for (String tenant : List.of("a", "b")) {
      var later = Optional.of(Instant.now().plusSeconds(1_000));
      var created =
          ApiKey.create(tenant, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), later, "");
      file.change(keys -> {
        var all = new ArrayList<>(keys);
        all.add(created.key());
        return all;
      });
      secrets.add("Bearer " + created.secret());
    }
    try (var own = new Served("keys=" + file.path())) {
      var response =
          own.post("/v1/responses", body("say x", ""), "authorization", secrets.getFirst());
      String path = "/v1/responses/" + json(response.body()).get("id").stringValue();
      assertEquals(200, own.get(path, "authorization", secrets.getFirst()).statusCode());
      var others = own.get(path, "authorization", secrets.getLast());
      assertEquals(404, others.statusCode());
      var none = own.get("/v1/responses/none", "authorization", secrets.getLast());
      assertEquals(none.body(), others.body());
    }
  }

  @Test
  void formsAndProbabilitiesAreAskedFor() throws Exception {
    ask(
        "say x",
        ",\"text\":{\"format\":{\"type\":\"json_schema\",\"name\":\"n\",\"strict\":true,"
            + "\"schema\":{\"type\":\"integer\"}}}");
    var form = (Part.Json) served.model.asked.answerForm().orElseThrow();
    assertEquals("{\"type\":\"integer\"}", form.schema());
    var body = ask("say xy", ",\"include\":[\"message.output_text.logprobs\"],\"top_logprobs\":2");
    assertEquals(2, body.at("/output/0/content/0/logprobs").size());
    assertEquals(2, body.at("/output/0/content/0/logprobs/0/top_logprobs").size());
    var events = stream("say xy", ",\"top_logprobs\":1");
    assertTrue(events.stream().anyMatch(event -> event.at("/logprobs/0/token").isString()));
  }

  @Test
  void aFailureIsTheLastEvent() throws Exception {
    var events = stream("fail", "");
    assertEquals("response.failed", events.getLast().get("type").stringValue());
    assertEquals("failed", events.getLast().at("/response/status").stringValue());
    assertEquals("server_error", events.getLast().at("/response/error/code").stringValue());
    assertEquals(500, served.post("/v1/responses", body("fail", "")).statusCode());
    assertEquals(503, served.post("/v1/responses", body("full", ",\"stream\":true")).statusCode());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"model":"letters"} | missing_required_parameter | input
          {"model":"letters","input":[]} | empty_array | input
          {"model":"letters","input":1} | invalid_type | input
          {"model":"letters","input":[{"type":"item_reference","id":"x"}]} | invalid_value |\
          input[0].type
          {"model":"letters","input":[{"role":"tool","content":"x"}]} | invalid_value | input[\
          0].role
          {"model":"letters","input":[{"role":"user","content":[{"type":"input_image"}]}]} |\
          unsupported_value | input[0].content[0].type
          {"model":"letters","input":[{"type":"function_call_output","call_id":"x","output":\
          "y"}]} | invalid_value | input[0].call_id
          {"model":"letters","input":[{"type":"function_call","call_id":"x","name":"y",\
          "arguments":"["}]} | invalid_value | input[0].arguments
          {…"tools":[{"type":"web_search"}]} | invalid_value | tools[0].type
          {…"tool_choice":{"type":"function","name":"a"}} | invalid_value | tool_choice
          {…"text":{"format":{"type":"json_schema","name":"n","schema":{"not":{}}}}} |\
          unsupported_schema | text.format
          {…"include":["file_search_call.results"]} | invalid_value | include
          {…"reasoning":{"summary":"auto"}} | unsupported_parameter | reasoning.summary
          {…"background":true} | unsupported_parameter | background
          {…"truncation":"auto"} | unsupported_parameter | truncation
          {…"conversation":"x"} | unsupported_parameter | conversation
          {…"max_output_tokens":0} | integer_below_min_value | max_output_tokens
          {…"stream_options":{}} | invalid_value | stream_options
          {…"messages":[]} | unknown_parameter | messages
          {…"previous_response_id":"none"} | previous_response_not_found | previous_response_id
          """)
  void aWrongParameterIsNamed(String body, String code, String param) throws Exception {
    String whole = body.replace("…", "\"model\":\"letters\",\"input\":\"a\",");
    var response = served.post("/v1/responses", whole);
    assertEquals(400, response.statusCode(), response.body());
    var error = json(response.body()).get("error");
    assertEquals(code, error.get("code").stringValue(), response.body());
    assertEquals(param, error.get("param").stringValue(), response.body());
  }

  @Test
  void onlyWhatRunsInTheBackgroundIsCancelled() throws Exception {
    var none = served.send(served.request("/v1/responses/none/cancel").POST(noBody()));
    assertEquals(404, none.statusCode());
    String id = ask("say x", "").get("id").stringValue();
    var done = served.send(served.request("/v1/responses/" + id + "/cancel").POST(noBody()));
    assertEquals(400, done.statusCode());
  }

  private static BodyPublisher noBody() {
    return BodyPublishers.noBody();
  }
}
