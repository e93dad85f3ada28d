package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Message;
import dev.educe.ToolChoice;
import dev.educe.grammar.Part;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// `/v1/chat/completions`, against the fake model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatCompletionsTest {
  private static final String TOOLS =
      "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"tell\",\"description\":\"tells\","
          + "\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"}}}}}]";

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private static String body(String message, String more) {
    return "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":%s}]%s}"
        .formatted(JsonMapper.shared().writeValueAsString(message), more);
  }

  private JsonNode ask(String message, String more) throws Exception {
    var response = served.post("/v1/chat/completions", body(message, more));
    assertEquals(200, response.statusCode(), response.body());
    return json(response.body());
  }

  private List<JsonNode> stream(String message, String more) throws Exception {
    var response = served.post("/v1/chat/completions", body(message, ",\"stream\":true" + more));
    assertEquals(200, response.statusCode(), response.body());
    List<String> events = Events.of(response.body());
    assertEquals("[DONE]", events.getLast());
    return events.subList(0, events.size() - 1).stream().map(Served::json).toList();
  }

  @Test
  void aConversationIsAnswered() throws Exception {
    var body = ask("say Hello there", ",\"metadata\":{\"a\":\"b\"},\"store\":true");
    assertTrue(body.get("id").stringValue().startsWith("chatcmpl-"));
    assertEquals("chat.completion", body.get("object").stringValue());
    assertEquals("letters", body.get("model").stringValue());
    assertTrue(body.get("system_fingerprint").stringValue().startsWith("fp_"));
    assertEquals(0, body.at("/choices/0/index").intValue());
    var message = body.at("/choices/0/message");
    assertEquals("assistant", message.get("role").stringValue());
    assertEquals("Hello there", message.get("content").stringValue());
    assertTrue(message.get("refusal").isNull());
    assertFalse(message.has("tool_calls"));
    assertTrue(body.at("/choices/0/logprobs").isNull());
    assertEquals("stop", body.at("/choices/0/finish_reason").stringValue());
    assertEquals(15, body.at("/usage/prompt_tokens").intValue());
    assertEquals(11, body.at("/usage/completion_tokens").intValue());
    assertEquals(26, body.at("/usage/total_tokens").intValue());
    assertEquals(0, body.at("/usage/prompt_tokens_details/cached_tokens").intValue());
    assertEquals(0, body.at("/usage/completion_tokens_details/reasoning_tokens").intValue());
  }

  @Test
  void aStreamIsRoleTextFinishUsageAndDone() throws Exception {
    var chunks = stream("say Hi", ",\"stream_options\":{\"include_usage\":true}");
    assertEquals(5, chunks.size());
    assertEquals(
        json("{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"),
        chunks.getFirst().at("/choices/0/delta"));
    assertEquals(json("{\"content\":\"H\"}"), chunks.get(1).at("/choices/0/delta"));
    assertEquals(json("{\"content\":\"i\"}"), chunks.get(2).at("/choices/0/delta"));
    assertEquals(json("{}"), chunks.get(3).at("/choices/0/delta"));
    assertEquals("stop", chunks.get(3).at("/choices/0/finish_reason").stringValue());
    assertEquals(0, chunks.get(4).get("choices").size());
    assertEquals(2, chunks.get(4).at("/usage/completion_tokens").intValue());
    for (JsonNode chunk : chunks.subList(0, 4)) {
      assertEquals(chunks.getFirst().get("id"), chunk.get("id"));
      assertEquals("chat.completion.chunk", chunk.get("object").stringValue());
      assertTrue(chunk.get("usage").isNull());
      assertEquals(chunk == chunks.get(3), !chunk.at("/choices/0/finish_reason").isNull());
    }
    assertFalse(stream("say Hi", "").getFirst().has("usage"));
  }

  @Test
  void severalAnswersAreToldApart() throws Exception {
    var body = ask("x", ",\"n\":3,\"max_tokens\":2");
    assertEquals(3, body.get("choices").size());
    for (int i = 0; i < 3; i++) {
      assertEquals(i, body.at("/choices/" + i + "/index").intValue());
      assertEquals("ab", body.at("/choices/" + i + "/message/content").stringValue());
      assertEquals("length", body.at("/choices/" + i + "/finish_reason").stringValue());
    }
    assertEquals(6, body.at("/usage/completion_tokens").intValue());
    var texts =
        stream("x", ",\"n\":3,\"max_completion_tokens\":2").stream()
            .collect(
                Collectors.groupingBy(
                    chunk -> chunk.at("/choices/0/index").intValue(),
                    Collectors.mapping(
                        chunk -> chunk.at("/choices/0/delta/content").asString(""),
                        Collectors.joining())));
    assertEquals(Map.of(0, "ab", 1, "ab", 2, "ab"), texts);
  }

  @Test
  void aCallOfAToolIsNoText() throws Exception {
    String call = "say <tool_call>{\"name\": \"tell\", \"arguments\": {\"a\": 1}}</tool_call>";
    var body = ask(call, "," + TOOLS);
    var choice = body.at("/choices/0");
    assertTrue(choice.at("/message/content").isNull());
    assertEquals("tool_calls", choice.get("finish_reason").stringValue());
    var made = choice.at("/message/tool_calls/0");
    assertEquals("function", made.get("type").stringValue());
    assertEquals("tell", made.at("/function/name").stringValue());
    assertEquals(json("{\"a\":1}"), json(made.at("/function/arguments").stringValue()));
    assertFalse(made.get("id").stringValue().isEmpty());

    var chunks = stream(call, "," + TOOLS);
    var begin = chunks.get(1).at("/choices/0/delta/tool_calls/0");
    assertEquals(0, begin.get("index").intValue());
    assertEquals("function", begin.get("type").stringValue());
    assertEquals("tell", begin.at("/function/name").stringValue());
    assertEquals("", begin.at("/function/arguments").stringValue());
    var arguments =
        chunks.stream()
            .map(chunk -> chunk.at("/choices/0/delta/tool_calls/0/function/arguments").asString(""))
            .collect(Collectors.joining());
    assertEquals("{\"a\":1}", arguments);
    assertEquals("tool_calls", chunks.getLast().at("/choices/0/finish_reason").stringValue());
    assertEquals("tell", served.model.asked.tools().getFirst().name());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":1}",
        "{\"a\":\"q\\\"\\\\ \\n\\u00e9 \\ud834\\udd1e é\",\"b\":[{\"c\":null},-1.5e3,true]}"
      })
  void aCallThatIsCutOffIsNotToBeRun(String wanted) throws Exception {
    String call = "say <tool_call>{\"name\": \"tell\", \"arguments\": " + wanted + "}</tool_call>";
    for (int tokens = 1; tokens < call.length() - 4; tokens++) {
      var choice = ask(call, "," + TOOLS + ",\"max_tokens\":" + tokens).at("/choices/0");
      boolean isWhole = choice.at("/message").has("tool_calls");
      assertEquals("length", choice.get("finish_reason").stringValue());
      var arguments =
          stream(call, "," + TOOLS + ",\"max_tokens\":" + tokens).stream()
              .map(chunk ->
                  chunk.at("/choices/0/delta/tool_calls/0/function/arguments").asString(""))
              .collect(Collectors.joining());
      assertTrue(wanted.startsWith(arguments), arguments);
      assertTrue(!isWhole || arguments.equals(wanted), arguments);
    }
  }

  @Test
  void oneCallIsEnoughIfCallsMayNotBeParallel() throws Exception {
    String call = "<tool_call>{\"name\": \"tell\", \"arguments\": {}}</tool_call>";
    String both = "say " + call + "\n" + call;
    assertEquals(2, ask(both, "," + TOOLS).at("/choices/0/message/tool_calls").size());
    var one = ask(both, "," + TOOLS + ",\"parallel_tool_calls\":false").at("/choices/0");
    assertEquals(1, one.at("/message/tool_calls").size());
    assertEquals("tool_calls", one.get("finish_reason").stringValue());
    Served.await(() -> served.model.underWay.get() == 0);
  }

  @Test
  void reasoningIsApartFromTheAnswer() throws Exception {
    String text = "say <think>hm</think>yes";
    var body = ask(text, "");
    assertEquals("yes", body.at("/choices/0/message/content").stringValue());
    assertEquals("hm", body.at("/choices/0/message/reasoning_content").stringValue());
    assertTrue(body.at("/usage/completion_tokens_details/reasoning_tokens").intValue() >= 2);
    assertFalse(
        ask(text, ",\"include_reasoning\":false")
            .at("/choices/0/message")
            .has("reasoning_content"));
    var chunks = stream(text, "");
    assertEquals("h", chunks.get(1).at("/choices/0/delta/reasoning_content").stringValue());
  }

  @Test
  void effortAndTemplateArgumentsReachTheTemplate() throws Exception {
    ask("say x", ",\"reasoning_effort\":\"low\",\"chat_template_kwargs\":{\"a\":[1],\"b\":null}");
    var asked = served.model.asked.templateArguments();
    assertEquals("low", asked.get("reasoning_effort"));
    assertEquals(List.of(1), asked.get("a"));
    assertFalse(asked.containsKey("b"));
    ask("say x", ",\"reasoning_effort\":\"none\"");
    assertEquals(0, served.model.asked.reasoningTokensMax());
    assertEquals(false, served.model.asked.templateArguments().get("enable_thinking"));
  }

  @Test
  void probabilitiesComeWithTheTextTheyAreOf() throws Exception {
    String text = "say <think>hm</think>yes <t";
    var body = ask(text, ",\"logprobs\":true,\"top_logprobs\":2");
    var content = body.at("/choices/0/logprobs/content");
    assertTrue(body.at("/choices/0/logprobs/refusal").isNull());
    assertEquals(
        "yes <t",
        content.values().stream()
            .map(token -> token.get("token").stringValue())
            .collect(Collectors.joining()));
    assertEquals(json("[121]"), content.get(0).get("bytes"));
    assertEquals(-0.5, content.get(0).get("logprob").doubleValue());
    assertEquals(2, content.get(0).get("top_logprobs").size());
    assertEquals("z", content.get(0).at("/top_logprobs/1/token").stringValue());
    var streamed =
        stream(text, ",\"logprobs\":true").stream()
            .flatMap(chunk -> chunk.at("/choices/0/logprobs/content").values().stream())
            .map(token -> token.get("token").stringValue())
            .collect(Collectors.joining());
    assertEquals("yes <t", streamed);
  }

  @Test
  void messagesOfAllRolesReachTheModel() throws Exception {
    String messages =
        """
        [{"role":"developer","content":"Be brief."},
         {"role":"user","name":"Ann","content":[{"type":"text","text":"a"},{"type":"text","text":\
         "b"}]},
         {"role":"assistant","content":null,"refusal":null,"annotations":[],"audio":null,
          "tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},
         {"role":"tool","tool_call_id":"c1","content":"r"},
         {"role":"assistant","content":"d","reasoning_content":"e"},
         {"role":"function","name":"g","content":"say i"}]
        """;
    var response =
        served.post(
            "/v1/chat/completions", "{\"model\":\"letters\",\"messages\":" + messages + "}");
    assertEquals(200, response.statusCode(), response.body());
    var asked = served.model.asked.messages();
    assertEquals(Message.system("Be brief."), asked.get(0));
    assertEquals(Message.user("a\nb"), asked.get(1));
    assertEquals("{}", ((Message.Assistant) asked.get(2)).calls().getFirst().arguments());
    assertEquals(new Message.ToolResult("c1", "", "r"), asked.get(3));
    assertEquals(new Message.Assistant("d", "e", List.of()), asked.get(4));
    assertEquals(new Message.ToolResult("", "g", "say i"), asked.get(5));
  }

  @Test
  void choicesAndFormsReachTheModel() throws Exception {
    ask("say x", "," + TOOLS + ",\"tool_choice\":\"required\"");
    assertEquals(ToolChoice.REQUIRED, served.model.asked.toolChoice());
    ask(
        "say x",
        "," + TOOLS + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"tell\"}}");
    assertEquals(ToolChoice.named("tell"), served.model.asked.toolChoice());
    ask(
        "say x",
        ","
            + TOOLS
            + ",\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":\"auto\","
            + "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"tell\"}}]}}");
    assertEquals(1, served.model.asked.tools().size());
    ask("say x", ",\"response_format\":{\"type\":\"text\"}");
    assertTrue(served.model.asked.answerForm().isEmpty());
    ask(
        "say x",
        ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
            + "\"strict\":true,\"schema\":{\"type\":\"integer\"}}}");
    var form = (Part.Json) served.model.asked.answerForm().orElseThrow();
    assertEquals("{\"type\":\"integer\"}", form.schema());
    for (String guided :
        List.of(
            "\"structured_outputs\":{\"regex\":\"a+\"}",
            "\"guided_choice\":[\"a\",\"b\"]",
            "\"guided_json\":{\"type\":\"null\"}",
            "\"response_format\":{\"type\":\"json_object\"}")) {
      ask("say x", "," + guided);
      assertTrue(served.model.asked.answerForm().isPresent(), guided);
    }
    ask("say x", ",\"guided_grammar\":\"root ::= [0-9]+\"");
    assertTrue(served.model.asked.generation().constraint().isPresent());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"model":"letters"} | missing_required_parameter | messages
          {"model":"letters","messages":[]} | empty_array | messages
          {"model":"letters","messages":"a"} | invalid_type | messages
          {"model":"letters","messages":[1]} | invalid_type | messages[0]
          {"model":"letters","messages":[{"content":"a"}]} | missing_required_parameter |\
          messages[0].role
          {"model":"letters","messages":[{"role":"king","content":"a"}]} | invalid_value |\
          messages[0].role
          {"model":"letters","messages":[{"role":"user"}]} | missing_required_parameter |\
          messages[0].content
          {"model":"letters","messages":[{"role":"user","content":1}]} | invalid_type | messages[\
          0].content
          {"model":"letters","messages":[{"role":"user","content":[{"type":"image_url",\
          "image_url":{"url":"x"}}]}]} | unsupported_value | messages[0].content[0].type
          {"model":"letters","messages":[{"role":"user","content":[{"text":"x"}]}]} |\
          missing_required_parameter | messages[0].content[0].type
          {"model":"letters","messages":[{"role":"user","content":"a","colour":1}]} |\
          unknown_parameter | messages[0].colour
          {"model":"letters","messages":[{"role":"tool","tool_call_id":"x","content":"a"}]} |\
          invalid_value | messages[0].tool_call_id
          {"model":"letters","messages":[{"role":"assistant"}]} | missing_required_parameter |\
          messages[0].content
          {"model":"letters","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":\
          "function","function":{"name":"f","arguments":"{"}}]}]} | invalid_value | messages[\
          0].tool_calls[0].function.arguments
          {…"top_logprobs":2} | invalid_value | top_logprobs
          {…"logprobs":true,"top_logprobs":21} | integer_above_max_value | top_logprobs
          {…"logprobs":1} | invalid_type | logprobs
          {…"n":0} | integer_below_min_value | n
          {…"max_tokens":0} | integer_below_min_value | max_tokens
          {…"max_tokens":1,"max_completion_tokens":1} | invalid_parameter_combination | max_tokens
          {…"reasoning_effort":"huge"} | invalid_value | reasoning_effort
          {…"response_format":{"type":"xml"}} | invalid_value | response_format.type
          {…"response_format":{"type":"json_schema"}} | missing_required_parameter |\
          response_format.json_schema
          {…"response_format":{"type":"json_schema","json_schema":{"schema":{}}}} |\
          missing_required_parameter | response_format.json_schema.name
          {…"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"not":{\
          }}}}} | unsupported_schema | response_format
          {…"guided_regex":"("} | unsupported_schema | response_format
          {…"guided_grammar":"("} | unsupported_schema | guided_grammar
          {…"guided_regex":"a","guided_choice":["b"]} | invalid_value | structured_outputs
          {…"tool_choice":"required"} | invalid_value | tool_choice
          {…"tool_choice":"maybe"} | invalid_value | tool_choice
          {…"tools":[{"type":"custom"}]} | invalid_value | tools[0].type
          {…"tools":[{"type":"function"}]} | missing_required_parameter | tools[0].function
          {…"tools":[{"type":"function","function":{"name":"a b"}}]} | invalid_value | tools[\
          0].function.name
          {…"tools":[{"type":"function","function":{"name":"a","parameters":[]}}]} |\
          invalid_type | tools[0].function.parameters
          {…"tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":\
          "function","function":{"name":"b"}}} | invalid_value | tool_choice.function.name
          {…"store":"yes"} | invalid_type | store
          {…"modalities":["audio"]} | unsupported_parameter | modalities
          {…"web_search_options":{}} | unsupported_parameter | web_search_options
          {…"metadata":{"a":1}} | invalid_type | metadata.a
          {…"service_tier":"best"} | invalid_value | service_tier
          {…"continue_final_message":true} | unsupported_parameter | continue_final_message
          {…"colour":"red"} | unknown_parameter | colour
          """)
  void aWrongParameterIsNamed(String body, String code, String param) throws Exception {
    String whole =
        body.replace(
            "…", "\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}],");
    var response = served.post("/v1/chat/completions", whole);
    assertEquals(400, response.statusCode(), response.body());
    var error = json(response.body()).get("error");
    assertEquals(code, error.get("code").stringValue(), response.body());
    assertEquals(param, error.get("param").stringValue(), response.body());
    assertEquals("invalid_request_error", error.get("type").stringValue());
  }

  @Test
  void whatAConversationCannotBeIsSaid() throws Exception {
    var refused = served.post("/v1/chat/completions", body("refuse", ""));
    assertEquals(400, refused.statusCode());
    assertEquals("template_error", json(refused.body()).at("/error/code").stringValue());
    assertTrue(refused.body().contains("Only cats may speak."), refused.body());
    var tooLong = served.post("/v1/chat/completions", body("x".repeat(FakeModel.CONTEXT), ""));
    assertEquals("context_length_exceeded", json(tooLong.body()).at("/error/code").stringValue());
    assertEquals("messages", json(tooLong.body()).at("/error/param").stringValue());
    var full = served.post("/v1/chat/completions", body("full", ",\"stream\":true"));
    assertEquals(503, full.statusCode());
  }

  @Test
  void anErrorWithinAStreamEndsItWithoutDone() throws Exception {
    var response = served.post("/v1/chat/completions", body("fail", ",\"stream\":true"));
    List<String> events = Events.of(response.body());
    assertEquals("engine_error", json(events.getLast()).at("/error/code").stringValue());
    assertFalse(events.contains("[DONE]"));
    assertEquals(500, served.post("/v1/chat/completions", body("fail", "")).statusCode());
  }
}
