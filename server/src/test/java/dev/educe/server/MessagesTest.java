package dev.educe.server;

import static dev.educe.server.Served.json;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Message;
import dev.educe.ToolChoice;
import dev.educe.grammar.Part;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Anthropic's `/v1/messages` and what is beside it, against the fake model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MessagesTest {
  private static final String TOOLS =
      "\"tools\":[{\"name\":\"tell\",\"description\":\"tells\",\"input_schema\":"
          + "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}}]";
  private static final String CALL =
      "<tool_call>{\"name\": \"tell\", \"arguments\": {\"a\": 1}}</tool_call>";
  private static final Pattern NAME = Pattern.compile("(?m)^event: (.*)$");

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served("heartbeat-seconds=1");
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private static String body(String message, String more) {
    return "{\"model\":\"letters\",\"max_tokens\":500,\"messages\":[{\"role\":\"user\","
        + "\"content\":%s}]%s}".formatted(JsonMapper.shared().writeValueAsString(message), more);
  }

  private JsonNode ask(String message, String more) throws Exception {
    var response = served.post("/v1/messages", body(message, more));
    assertEquals(200, response.statusCode(), response.body());
    return json(response.body());
  }

  private List<JsonNode> stream(String message, String more) throws Exception {
    var response = served.post("/v1/messages", body(message, ",\"stream\":true" + more));
    assertEquals(200, response.statusCode(), response.body());
    var names = NAME.matcher(response.body()).results().map(found -> found.group(1)).toList();
    var events = Events.of(response.body()).stream().map(Served::json).toList();
    assertEquals(names, events.stream().map(event -> event.get("type").stringValue()).toList());
    return events;
  }

  private static String types(List<JsonNode> events) {
    return events.stream()
        .map(event -> event.get("type").stringValue())
        .map(type -> type.replace("content_block_", ""))
        .collect(Collectors.joining(" "));
  }

  private static String joined(List<JsonNode> events, String pointer) {
    return events.stream()
        .map(event -> event.at(pointer).asString(""))
        .collect(Collectors.joining());
  }

  @Test
  void aConversationIsAnswered() throws Exception {
    var response =
        served.post(
            "/v1/messages",
            body("say Hello there", ",\"metadata\":{\"user_id\":\"u\"},\"top_k\":5"),
            "anthropic-version",
            "2023-06-01");
    assertEquals(
        response.headers().firstValue("x-request-id"), response.headers().firstValue("request-id"));
    assertEquals(
        json(
            """
            {"type":"message","role":"assistant","model":"letters",
             "content":[{"type":"text","text":"Hello there"}],
             "stop_reason":"end_turn","stop_sequence":null,
             "usage":{"input_tokens":15,"cache_creation_input_tokens":0,
               "cache_read_input_tokens":0,"output_tokens":11,
               "output_tokens_details":{"thinking_tokens":0},"service_tier":"standard"}}\
            """),
        without(json(response.body()), "id"));
  }

  private static JsonNode without(JsonNode node, String name) {
    assertTrue(node.get(name).stringValue().startsWith("msg_"));
    var rest = (ObjectNode) node.deepCopy();
    rest.remove(name);
    return rest;
  }

  @Test
  void anAnswerThatIsBegunIsGoneOnWith() throws Exception {
    String turns =
        "{\"model\":\"letters\",\"max_tokens\":5,\"messages\":["
            + "{\"role\":\"user\",\"content\":\"x\"},"
            + "{\"role\":\"assistant\",\"content\":%s}]}";
    for (String begin : List.of("\"It is\"", "[{\"type\":\"text\",\"text\":\"It is\"}]")) {
      var response = served.post("/v1/messages", turns.formatted(begin));
      assertEquals(200, response.statusCode(), response.body());
      assertEquals(Message.assistant("It is"), served.model.asked.messages().getLast());
    }
    String call = "[{\"type\":\"tool_use\",\"id\":\"1\",\"name\":\"f\",\"input\":{}}]";
    for (String begin : List.of("\"\"", call)) {
      var response = served.post("/v1/messages", turns.formatted(begin));
      assertEquals(400, response.statusCode());
      assertTrue(response.body().contains("the last one must be a user's"), response.body());
    }
  }

  @Test
  void aStreamHasItsEventsInOrder() throws Exception {
    var events = stream("say Hi", "");
    assertEquals(
        "message_start ping start delta delta stop message_delta message_stop", types(events));
    var message = events.getFirst().get("message");
    assertEquals(json("[]"), message.get("content"));
    assertTrue(message.get("stop_reason").isNull());
    assertEquals(6, message.at("/usage/input_tokens").intValue());
    assertEquals(
        json(
            "{\"type\":\"content_block_start\",\"index\":0,"
                + "\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"),
        events.get(2));
    assertEquals(
        json(
            "{\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"text_delta\",\"text\":\"H\"}}"),
        events.get(3));
    var end = events.get(6);
    assertEquals(json("{\"stop_reason\":\"end_turn\",\"stop_sequence\":null}"), end.get("delta"));
    assertEquals(2, end.at("/usage/output_tokens").intValue());
  }

  @Test
  void whyAnAnswerEndedIsSaid() throws Exception {
    var stopped = ask("say one two", ",\"stop_sequences\":[\"x\",\" t\"]");
    assertEquals("one", stopped.at("/content/0/text").stringValue());
    assertEquals("stop_sequence", stopped.get("stop_reason").stringValue());
    assertEquals(" t", stopped.get("stop_sequence").stringValue());
    var end = stream("say one two", ",\"stop_sequences\":[\"x\",\" t\"]");
    assertEquals(" t", end.get(end.size() - 2).at("/delta/stop_sequence").stringValue());
    assertEquals("max_tokens", ask("x", "").get("stop_reason").stringValue());
  }

  @Test
  void aCallOfAToolIsABlockOfItsOwn() throws Exception {
    var body = ask("say Well " + CALL, "," + TOOLS);
    assertEquals("tool_use", body.get("stop_reason").stringValue());
    assertEquals("Well", body.at("/content/0/text").stringValue().strip());
    var call = body.at("/content/1");
    assertEquals("tool_use", call.get("type").stringValue());
    assertEquals("tell", call.get("name").stringValue());
    assertEquals(json("{\"a\":1}"), call.get("input"));

    var events = stream("say " + CALL, "," + TOOLS);
    assertTrue(
        types(events).matches("message_start ping start( delta)+ stop message_delta message_stop"),
        types(events));
    assertEquals(json("{}"), events.get(2).at("/content_block/input"));
    assertEquals("tell", events.get(2).at("/content_block/name").stringValue());
    assertEquals("{\"a\":1}", joined(events, "/delta/partial_json"));
    assertEquals("tool_use", events.get(events.size() - 2).at("/delta/stop_reason").stringValue());
    assertEquals("tells", served.model.asked.tools().getFirst().description());
  }

  @Test
  void choicesOfToolsReachTheModel() throws Exception {
    ask("say x", "," + TOOLS + ",\"tool_choice\":{\"type\":\"any\"}");
    assertEquals(ToolChoice.REQUIRED, served.model.asked.toolChoice());
    ask("say x", "," + TOOLS + ",\"tool_choice\":{\"type\":\"tool\",\"name\":\"tell\"}");
    assertEquals(ToolChoice.named("tell"), served.model.asked.toolChoice());
    ask("say x", "," + TOOLS + ",\"tool_choice\":{\"type\":\"none\"}");
    assertEquals(ToolChoice.NONE, served.model.asked.toolChoice());
    String one = ",\"tool_choice\":{\"type\":\"auto\",\"disable_parallel_tool_use\":true}";
    assertEquals(2, ask("say " + CALL + "\n" + CALL, "," + TOOLS).get("content").size());
    assertEquals(1, ask("say " + CALL + "\n" + CALL, "," + TOOLS + one).get("content").size());
    assertEquals(ToolChoice.AUTO, served.model.asked.toolChoice());
  }

  @Test
  void thoughtsAreShownIfTheyWereAskedFor() throws Exception {
    String text = "say <think>hm</think>yes";
    String on = ",\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024%s}";
    var body = ask(text, on.formatted(""));
    assertEquals(
        json("{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"\"}"),
        body.at("/content/0"));
    assertEquals("yes", body.at("/content/1/text").stringValue());
    assertTrue(body.at("/usage/output_tokens_details/thinking_tokens").intValue() >= 2);
    assertEquals(1024, served.model.asked.reasoningTokensMax());
    assertEquals(true, served.model.asked.templateArguments().get("enable_thinking"));

    var events = stream(text, on.formatted(""));
    assertEquals("hm", joined(events, "/delta/thinking"));
    assertEquals("yes", joined(events, "/delta/text"));
    assertTrue(
        types(events)
            .matches(
                "message_start ping start( delta)+ stop start( delta)+ stop message_delta"
                    + " message_stop"),
        types(events));
    var omitted = ask(text, on.formatted(",\"display\":\"omitted\""));
    assertEquals("", omitted.at("/content/0/thinking").stringValue());

    assertEquals("text", ask(text, "").at("/content/0/type").stringValue());
    assertEquals(0, served.model.asked.reasoningTokensMax());
    assertEquals("", joined(stream(text, ""), "/delta/thinking"));
    ask(text, ",\"thinking\":{\"type\":\"adaptive\"},\"output_config\":{\"effort\":\"low\"}");
    assertEquals("low", served.model.asked.templateArguments().get("reasoning_effort"));
  }

  @Test
  void aConversationReachesTheModel() throws Exception {
    var response =
        served.post(
            "/v1/messages",
            """
            {"model":"abc","max_tokens":9,
             "system":[{"type":"text","text":"Be","cache_control":{"type":"ephemeral"}},
               {"type":"text","text":"good."}],
             "messages":[{"role":"user","content":"a"},{"role":"user","content":"b"},
              {"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"s"},
               {"type":"redacted_thinking","data":"x"},{"type":"text","text":"c"},
               {"type":"tool_use","id":"1","name":"f","input":{"x":1}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"1",
               "content":[{"type":"text","text":"r"}],"is_error":true},
               {"type":"text","text":"d"}]}]}\
            """);
    assertEquals(200, response.statusCode(), response.body());
    var asked = new ArrayList<>(served.model.asked.messages());
    var answer = (Message.Assistant) asked.remove(2);
    assertEquals("c", answer.text());
    assertEquals("t", answer.reasoning());
    assertEquals("{\"x\":1}", answer.calls().getFirst().arguments());
    assertEquals(
        List.of(
            Message.system("Be\ngood."),
            Message.user("a\nb"),
            new Message.ToolResult("1", "f", "r"),
            Message.user("d")),
        asked);
  }

  @Test
  void aSchemaIsTheFormOfAnAnswer() throws Exception {
    ask(
        "say x",
        ",\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":"
            + "{\"type\":\"integer\"}}}");
    var form = (Part.Json) served.model.asked.answerForm().orElseThrow();
    assertEquals("{\"type\":\"integer\"}", form.schema());
  }

  @Test
  void tokensAreCounted() throws Exception {
    var response =
        served.post(
            "/v1/messages/count_tokens",
            "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"12345\"}],"
                + TOOLS
                + "}");
    assertEquals("{\"input_tokens\":5}", response.body());
  }

  @Test
  void modelsLookAsTheClientHasThem() throws Exception {
    String[] version = {"anthropic-version", "2023-06-01"};
    String model =
        "{\"type\":\"model\",\"id\":\"letters\",\"display_name\":\"letters\","
            + "\"created_at\":\"2023-11-14T22:13:20Z\"}";
    assertEquals(
        json(
            "{\"data\":[%s],\"has_more\":false,\"first_id\":\"letters\",\"last_id\":\"letters\"}"
                .formatted(model)),
        json(served.get("/v1/models", version).body()));
    assertEquals(json(model), json(served.get("/v1/models/abc", version).body()));
    assertEquals("list", json(served.get("/v1/models").body()).get("object").stringValue());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"model":"letters","max_tokens":1} | messages
          {"model":"letters","messages":[{"role":"user","content":"a"}]} | max_tokens
          {"model":"letters","max_tokens":1,"messages":[]} | messages
          {"model":"letters","max_tokens":1,"messages":[{"role":"user","content":[]}]} | messages
          {"model":"letters","max_tokens":1,"messages":[{"role":"king","content":"a"}]} | king
          {"model":"letters","max_tokens":1,"messages":[{"role":"user","content":"a"},\
          {"role":"assistant","content":""}]} | messages
          {"model":"letters","max_tokens":1,"messages":[{"role":"user","content":\
          [{"type":"image","source":{}}]}]} | image
          {"model":"letters","max_tokens":1,"messages":[{"role":"user","content":\
          [{"type":"tool_result","tool_use_id":"x"}]}]} | messages[0].content[0].tool_use_id
          {…"temperature":1.1} | temperature
          {…"stop_sequences":[""]} | stop_sequences
          {…"thinking":{"type":"enabled"}} | thinking.budget_tokens
          {…"thinking":{"type":"deep"}} | deep
          {…"tools":[{"name":"a b","input_schema":{}}]} | tools[0].name
          {…"tools":[{"name":"a"}]} | tools[0].input_schema
          {…"tools":[{"name":"a","input_schema":{}},{"name":"a","input_schema":{}}]} |\
          tools[1].name
          {…"tools":[{"type":"web_search_20250305","name":"web_search"}]} | tools[0].type
          {…"tool_choice":{"type":"any"}} | tool_choice
          {…"tool_choice":{"type":"tool","name":"b"}} | tool_choice.name
          {…"output_config":{"format":{"type":"json_schema","schema":{"not":{}}}}} |\
          output_config.format: Schema
          {…"mcp_servers":[{}]} | mcp_servers
          {…"colour":1} | colour
          """)
  void aWrongParameterIsNamed(String body, String named) throws Exception {
    String whole =
        body.replace(
            "…",
            "\"model\":\"letters\",\"max_tokens\":1,"
                + "\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],");
    var response = served.post("/v1/messages", whole);
    assertEquals(400, response.statusCode(), response.body());
    var error = json(response.body());
    assertEquals("error", error.get("type").stringValue());
    assertEquals("invalid_request_error", error.at("/error/type").stringValue());
    assertTrue(error.at("/error/message").stringValue().contains(named), response.body());
    assertEquals(
        response.headers().firstValue("request-id").orElseThrow(),
        error.get("request_id").stringValue());
  }

  @Test
  void errorsHaveTheTypesThatClientsKnow() throws Exception {
    assertEquals("not_found_error", type(404, served.get("/v1/messages/batches")));
    String unknown = body("a", "").replace("letters", "none");
    assertEquals("not_found_error", type(404, served.post("/v1/messages", unknown)));
    assertEquals("invalid_request_error", type(405, served.get("/v1/messages")));
    assertEquals("overloaded_error", type(503, served.post("/v1/messages", body("full", ""))));
    assertEquals("api_error", type(500, served.post("/v1/messages", body("fail", ""))));
    String long1000 = body("x".repeat(FakeModel.CONTEXT), ",\"stream\":true");
    assertEquals("invalid_request_error", type(400, served.post("/v1/messages", long1000)));
  }

  private static String type(int status, HttpResponse<String> response) {
    assertEquals(status, response.statusCode(), response.body());
    return json(response.body()).at("/error/type").stringValue();
  }

  @Test
  void anErrorWithinAStreamEndsIt() throws Exception {
    var events = stream("fail", "");
    assertEquals("error", events.getLast().get("type").stringValue());
    assertEquals("api_error", events.getLast().at("/error/type").stringValue());
    assertFalse(types(events).contains("message_delta"));
  }

  @Test
  void aStreamThatIsSilentBeginsAndPings() throws Exception {
    try (var socket = served.asking("/v1/messages", body("hold", ",\"stream\":true"))) {
      var lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      var events = new ArrayList<String>();
      while (!events.contains("event: message_stop")) {
        String line = lines.readLine();
        if (line.startsWith("event: ")) {
          events.add(line);
          if (events.size() == 3) {
            served.model.held.release();
          }
        }
      }
      assertEquals(
          List.of(
              "event: message_start", "event: ping", "event: ping", "event: content_block_start"),
          events.subList(0, 4));
    }
  }
}
