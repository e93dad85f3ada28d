package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Message;
import dev.educe.Request;
import dev.educe.grammar.Part;
import dev.educe.sampling.Mirostat;
import dev.educe.server.model.ServedModel.Gap;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Ollama's addresses, against the fake model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OllamaTest {
  private static final String TOOLS =
      ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"tell\",\"description\":"
          + "\"tells\",\"parameters\":{\"type\":\"object\"}}}]";

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served();
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private List<JsonNode> lines(String path, String body) throws Exception {
    var response = served.post(path, body);
    assertEquals(200, response.statusCode(), response.body());
    return response.body().lines().map(Served::json).toList();
  }

  private static String chat(String message, String more) {
    return "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":%s}]%s}"
        .formatted(JsonMapper.shared().writeValueAsString(message), more);
  }

  private JsonNode ask(String message, String more) throws Exception {
    return lines("/api/chat", chat(message, ",\"stream\":false" + more)).getFirst();
  }

  private static String joined(List<JsonNode> lines, String pointer) {
    return lines.stream().map(line -> line.at(pointer).asString("")).collect(Collectors.joining());
  }

  @Test
  void aConversationIsAnswered() throws Exception {
    var line = ask("say <think>hm</think>yes", "");
    assertEquals("letters", line.get("model").stringValue());
    assertEquals(
        json("{\"role\":\"assistant\",\"content\":\"yes\",\"thinking\":\"hm\"}"),
        line.get("message"));
    assertTrue(line.get("done").booleanValue());
    assertEquals("stop", line.get("done_reason").stringValue());
    assertEquals(24, line.get("prompt_eval_count").intValue());
    assertEquals(20, line.get("eval_count").intValue());
    assertEquals(20, line.get("eval_duration").longValue());
    assertTrue(line.get("total_duration").longValue() > 1_000);
  }

  @Test
  void aStreamIsLinesOfWhichTheLastIsDone() throws Exception {
    var response = served.post("/api/chat", chat("say <think>hm</think>yes", ""));
    assertEquals(
        "application/x-ndjson", response.headers().firstValue("content-type").orElseThrow());
    var lines = response.body().lines().map(Served::json).toList();
    assertEquals("yes", joined(lines, "/message/content"));
    assertEquals("hm", joined(lines, "/message/thinking"));
    for (JsonNode line : lines) {
      assertEquals(line == lines.getLast(), line.get("done").booleanValue());
      assertEquals(line == lines.getLast(), line.has("done_reason"));
    }
    var cut = lines("/api/chat", chat("x", ",\"options\":{\"num_predict\":3}"));
    assertEquals("abc", joined(cut, "/message/content"));
    assertEquals("length", cut.getLast().get("done_reason").stringValue());
  }

  @Test
  void aCallOfAToolComesWhole() throws Exception {
    String call = "say <tool_call>{\"name\": \"tell\", \"arguments\": {\"a\": 1}}</tool_call>";
    var made = json("[{\"function\":{\"name\":\"tell\",\"arguments\":{\"a\":1}}}]");
    assertEquals(made, ask(call, TOOLS).at("/message/tool_calls"));
    var lines = lines("/api/chat", chat(call, TOOLS));
    assertEquals(2, lines.size());
    assertEquals(made, lines.getFirst().at("/message/tool_calls"));
    String cut = ",\"options\":{\"num_predict\":40}";
    assertFalse(ask(call, TOOLS + cut).get("message").has("tool_calls"));
  }

  @Test
  void aConversationReachesTheModel() throws Exception {
    lines(
        "/api/chat",
        """
        {"model":"abc:latest","messages":[{"role":"system","content":"s"},
          {"role":"assistant","content":"","thinking":"t","tool_calls":[
            {"function":{"name":"f","arguments":{"x":1}}},{"function":{"name":"g"}}]},
          {"role":"tool","tool_name":"g","content":"2"},{"role":"tool","content":"say x"}]}\
        """);
    var messages = served.model.asked.messages();
    var answer = (Message.Assistant) messages.get(1);
    assertEquals("t", answer.reasoning());
    assertEquals("{\"x\":1}", answer.calls().getFirst().arguments());
    assertEquals(Message.result(answer.calls().get(1), "2"), messages.get(2));
    assertEquals(Message.result(answer.calls().get(0), "say x"), messages.get(3));
  }

  @Test
  void optionsReachTheEngine() throws Exception {
    ask("say x", "");
    var sampling = served.model.asked.generation().sampling();
    assertEquals(0.8f, sampling.temperature());
    assertEquals(40, sampling.truncation().topK());
    ask(
        "say x",
        ",\"options\":{\"temperature\":0.5,\"top_k\":3,\"top_p\":0.7,\"min_p\":0.1,\"seed\":9,"
            + "\"repeat_penalty\":1.5,\"stop\":[\"y\"],\"num_thread\":4,\"mirostat\":1}");
    var request = served.model.asked.generation();
    assertEquals(List.of("y"), request.stop());
    assertEquals(0.5f, request.sampling().temperature());
    assertEquals(3, request.sampling().truncation().topK());
    assertEquals(0.7f, request.sampling().truncation().topP());
    assertEquals(0.1f, request.sampling().truncation().minP());
    assertEquals(1.5f, request.sampling().penalties().repetition());
    assertEquals(1, request.sampling().mirostat().version());
    assertEquals(9, request.sampling().seed());
  }

  private Request asked(String options) throws Exception {
    ask("say x", ",\"options\":{" + options + "}");
    return served.model.asked.generation();
  }

  /// Each option that Ollama has or had, and what becomes of it.
  @Test
  void everyOptionIsHonouredOrChangesNothingOrIsRefused() throws Exception {
    assertEquals(7, asked("\"num_predict\":7").tokensMax());
    for (String any : List.of("-1", "-2", "0")) {
      assertEquals(Integer.MAX_VALUE, asked("\"num_predict\":" + any).tokensMax(), any);
    }
    assertEquals(List.of("a", "b"), asked("\"stop\":[\"a\",\"b\"]").stop());
    assertEquals(List.of("a"), asked("\"stop\":\"a\"").stop());
    assertEquals(5, asked("\"seed\":5").sampling().seed());
    assertEquals(0, asked("\"seed\":0").sampling().seed());
    assertNotEquals(asked("\"seed\":-1").sampling().seed(), asked("\"seed\":-1").sampling().seed());
    assertEquals(0, asked("\"temperature\":0").sampling().temperature());
    assertEquals(0, asked("\"top_k\":0").sampling().truncation().topK());
    assertEquals(0, asked("\"top_k\":-1").sampling().truncation().topK());
    assertEquals(0.25f, asked("\"top_p\":0.25").sampling().truncation().topP());
    assertEquals(1, asked("\"top_p\":0").sampling().truncation().topK());
    assertEquals(0.25f, asked("\"min_p\":0.25").sampling().truncation().minP());
    assertEquals(0.25f, asked("\"typical_p\":0.25").sampling().truncation().typicalP());
    assertEquals(1, asked("\"typical_p\":0").sampling().truncation().typicalP());
    for (int tokens : new int[] {-1, 0, 9}) {
      assertEquals(tokens, asked("\"repeat_last_n\":" + tokens).sampling().penalties().tokens());
    }
    assertEquals(1.25f, asked("\"repeat_penalty\":1.25").sampling().penalties().repetition());
    assertEquals(0.5f, asked("\"presence_penalty\":0.5").sampling().penalties().presence());
    assertEquals(-0.5f, asked("\"frequency_penalty\":-0.5").sampling().penalties().frequency());
    assertEquals(
        new Mirostat(2, 3, 0.25f),
        asked("\"mirostat\":2,\"mirostat_tau\":3,\"mirostat_eta\":0.25").sampling().mirostat());
    var usual = asked("\"seed\":1");
    for (String hint :
        List.of(
            "\"num_ctx\":512",
            "\"num_keep\":24",
            "\"num_gpu\":-1",
            "\"num_thread\":4",
            "\"num_batch\":512",
            "\"main_gpu\":1",
            "\"use_mmap\":false",
            "\"use_mlock\":true",
            "\"numa\":true",
            "\"low_vram\":true",
            "\"f16_kv\":false",
            "\"logits_all\":true",
            "\"vocab_only\":true",
            "\"embedding_only\":true",
            "\"tfs_z\":1",
            "\"penalize_newline\":true")) {
      assertEquals(usual, asked("\"seed\":1," + hint), hint);
    }
  }

  @Test
  void formAndThoughtReachTheModel() throws Exception {
    ask("say x", ",\"format\":{\"type\":\"integer\"},\"think\":false,\"keep_alive\":\"1h30m\"");
    var form = (Part.Json) served.model.asked.answerForm().orElseThrow();
    assertEquals("{\"type\":\"integer\"}", form.schema());
    assertEquals(0, served.model.asked.reasoningTokensMax());
    ask("say x", ",\"format\":\"json\",\"think\":\"low\",\"keep_alive\":-1");
    assertTrue(served.model.asked.answerForm().isPresent());
    assertEquals("low", served.model.asked.templateArguments().get("reasoning_effort"));
  }

  @Test
  void aPromptIsAMessageOrGoneOnWith() throws Exception {
    String say = "{\"model\":\"letters\",\"prompt\":\"say Hi\",\"stream\":false";
    var told = lines("/api/generate", say + ",\"system\":\"s\"}").getFirst();
    assertEquals("Hi", told.get("response").stringValue());
    assertEquals(
        List.of(Message.system("s"), Message.user("say Hi")), served.model.asked.messages());
    var raw = lines("/api/generate", say + ",\"raw\":true}").getFirst();
    assertEquals("Hi", raw.get("response").stringValue());
    assertEquals("stop", raw.get("done_reason").stringValue());
    var lines = lines("/api/generate", "{\"model\":\"letters\",\"prompt\":\"say Hi\"}");
    assertEquals("Hi", joined(lines, "/response"));
    var load = lines("/api/generate", "{\"model\":\"letters\"}").getFirst();
    assertEquals("load", load.get("done_reason").stringValue());
    assertEquals(
        "load",
        lines("/api/chat", "{\"model\":\"letters\"}").getFirst().get("done_reason").stringValue());
  }

  @Test
  void aGapIsFilled() throws Exception {
    String body =
        "{\"model\":\"letters\",\"prompt\":\"a\",\"suffix\":\"b\",\"stream\":false,"
            + "\"options\":{\"num_predict\":2}}";
    assertEquals(400, served.post("/api/generate", body).statusCode());
    served.model.gap = Optional.of(new Gap(1, 2, 3));
    try {
      var line = lines("/api/generate", body).getFirst();
      assertEquals("ab", line.get("response").stringValue());
      assertEquals(5, line.get("prompt_eval_count").intValue());
    } finally {
      served.model.gap = Optional.empty();
    }
  }

  @Test
  void textsBecomeVectors() throws Exception {
    var many = lines("/api/embed", "{\"model\":\"letters\",\"input\":[\"ab\",\"abc\"]}").getFirst();
    assertEquals(json("[[2.0,-0.5],[3.0,-0.5]]"), many.get("embeddings"));
    assertEquals(5, many.get("prompt_eval_count").intValue());
    var one = lines("/api/embeddings", "{\"model\":\"letters\",\"prompt\":\"ab\"}").getFirst();
    assertEquals(json("{\"embedding\":[2.0,-0.5]}"), one);
    String tooLong =
        "{\"model\":\"letters\",\"input\":\"%s\"%s}".formatted("x".repeat(1_001), "%s");
    assertEquals(
        json("[[1000.0,-0.5]]"),
        lines("/api/embed", tooLong.formatted("")).getFirst().get("embeddings"));
    assertEquals(
        400, served.post("/api/embed", tooLong.formatted(",\"truncate\":false")).statusCode());
  }

  @Test
  void modelsAreListedAndShown() throws Exception {
    var tags = json(served.get("/api/tags").body()).at("/models/0");
    assertEquals("letters", tags.get("name").stringValue());
    assertEquals("2023-11-14T22:13:20Z", tags.get("modified_at").stringValue());
    assertEquals(3, tags.get("size").intValue());
    assertEquals("fake", tags.at("/details/family").stringValue());
    var loaded = json(served.get("/api/ps").body()).at("/models/0");
    assertEquals(tags.get("digest"), loaded.get("digest"));
    assertEquals(FakeModel.CONTEXT, loaded.get("context_length").intValue());
    var shown = lines("/api/show", "{\"model\":\"letters\"}").getFirst();
    assertEquals(json("[\"completion\",\"tools\"]"), shown.get("capabilities"));
    assertEquals(FakeModel.CONTEXT, shown.at("/model_info/fake.context_length").intValue());
    assertTrue(json(served.get("/api/version").body()).get("version").isString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {} | 400 | model
          {"model":"none"} | 404 | none
          {"model":"letters","messages":1} | 400 | messages
          {…,"options":{"temperature":"hot"}} | 400 | options.temperature
          {…,"options":{"num_ctx":1001}} | 400 | options.num_ctx
          {…,"options":{"tfs_z":0.5}} | 400 | options.tfs_z
          {…,"options":{"penalize_newline":false}} | 400 | options.penalize_newline
          {…,"options":{"num_thread":"4"}} | 400 | options.num_thread
          {…,"options":{"numa":1}} | 400 | options.numa
          {…,"options":{"num_predict":-3}} | 400 | options.num_predict
          {…,"options":{"repeat_last_n":-2}} | 400 | options.repeat_last_n
          {…,"options":{"colour":1}} | 400 | options.colour
          {…,"format":"xml"} | 400 | format
          {…,"format":{"not":{}}} | 400 | format: Schema
          {…,"keep_alive":"soon"} | 400 | keep_alive
          {…,"think":"hard"} | 400 | think
          {…,"logprobs":true} | 400 | logprobs
          {…,"tools":[{"type":"function"}]} | 400 | tools[0].function
          {"model":"letters","messages":[{"role":"user","content":"a","images":["x"]}]} | 400 |\
          messages[0].images
          {"model":"letters","messages":[{"role":"user","content":"refuse"}]} | 400 | cats
          {"model":"letters","messages":[{"role":"user","content":"full"}]} | 503 | wait
          """)
  void aWrongParameterIsNamed(String body, int status, String named) throws Exception {
    String whole =
        body.replace(
            "…", "\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]");
    var response = served.post("/api/chat", whole);
    assertEquals(status, response.statusCode(), response.body());
    assertTrue(json(response.body()).get("error").stringValue().contains(named), response.body());
  }

  @Test
  void whatIsNotDoneIsRefusedByName() throws Exception {
    for (String name : List.of("pull", "push", "create", "copy")) {
      var response = served.post("/api/" + name, "{\"model\":\"x\"}");
      assertEquals(400, response.statusCode());
      assertTrue(json(response.body()).get("error").stringValue().contains("'" + name + "'"));
    }
    assertTrue(json(served.get("/api/nothing").body()).get("error").isString());
  }

  @Test
  void aModelStaysAsLongAsItsUsersSay() throws Exception {
    for (String[] kept :
        new String[][] {
          {"0", "0"},
          {"\"1h30m\"", "5400"},
          {"300", "300"},
          {"\"1.5s\"", "1.5"},
          {"\"90\"", "90"},
          {"-1", "-1"},
          {"\"-1m\"", "-1"},
          {"2.5", "2.5"}
        }) {
      ask("say x", ",\"keep_alive\":" + kept[0]);
      var model = json(served.get("/api/ps").body()).at("/models/0");
      double left =
          Duration.between(Instant.now(), Instant.parse(model.get("expires_at").stringValue()))
                  .toMillis()
              / 1e3;
      double wanted = Double.parseDouble(kept[1]);
      assertTrue(
          wanted < 0 ? left > 1e9 : left <= wanted && left > wanted - 10, kept[0] + ": " + left);
    }
    var unloaded =
        json(served.post("/api/generate", "{\"model\":\"letters\",\"keep_alive\":0}").body());
    assertEquals("unload", unloaded.get("done_reason").stringValue());
    ask("say x", ",\"keep_alive\":-1");
  }

  @Test
  void anErrorWithinAStreamIsItsLastLine() throws Exception {
    var lines = lines("/api/chat", chat("fail", ""));
    assertTrue(lines.getLast().get("error").isString());
    assertFalse(lines.getLast().has("done"));
    assertEquals(500, served.post("/api/chat", chat("fail", ",\"stream\":false")).statusCode());
  }
}
