package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.Model;
import dev.educe.Request;
import dev.educe.sampling.Sampling;
import dev.educe.server.access.ApiKey;
import dev.educe.server.access.KeyFile;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.http.Quota;
import dev.educe.server.http.Scope;
import dev.educe.server.model.EngineCatalogue;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/// The real engine behind the server: the same text as without it, and nothing left behind.
class EngineServedTest {
  @Test
  void theServerGivesTheLibrarysTextAndFreesWhatClientsLeave() throws Exception {
    String data = System.getenv("EDUCE_TESTDATA");
    assumeTrue(data != null, "EDUCE_TESTDATA is unset");
    Path file = Path.of(data, "models", "stories260K.gguf");
    String expected;
    try (var model = Model.load(file)) {
      var request = Request.of("Once upon a time").withTokensMax(40);
      expected = model.generate(request.withSampling(Sampling.greedy())).text();
    }
    var settings =
        new Settings().put("port", "0", "test").put("models.tiny.file", file.toString(), "test");
    var config = ServerConfig.of(settings);
    try (var catalogue = new EngineCatalogue(config.models(), 0, Duration.ZERO);
        var server = new EduceServer(config, catalogue, _ -> {});
        var client = HttpClient.newHttpClient()) {
      String body =
          "{\"model\":\"tiny\",\"prompt\":\"Once upon a time\",\"max_tokens\":40,"
              + "\"temperature\":0";
      var whole = json(post(client, server, body + "}"));
      assertEquals(expected, whole.at("/choices/0/text").stringValue());
      var streamed = new StringBuilder();
      for (String event : Events.of(post(client, server, body + ",\"stream\":true}"))) {
        if (!event.equals("[DONE]")) {
          streamed.append(json(event).at("/choices/0/text").stringValue());
        }
      }
      assertEquals(expected, streamed.toString());
      for (int i = 0; i < 50; i++) {
        leave(server, i);
      }
      Served.await(() -> server.underWay() == 0);
      // The engine tells what it is at after each step.
      Served.await(() -> {
        var progress = catalogue.loaded().get("tiny").progress();
        return progress.running() + progress.waiting() == 0;
      });
    }
  }

  /// What a tenant has asked is known again for it, and for nobody else.
  @Test
  void noTenantLearnsWhatAnotherHasAsked(@TempDir Path folder) throws Exception {
    String data = System.getenv("EDUCE_TESTDATA");
    assumeTrue(data != null, "EDUCE_TESTDATA is unset");
    var keys = new KeyFile(folder.resolve("keys.json"));
    var secrets = new ArrayList<String>();
    var all = new ArrayList<ApiKey>();
    for (String tenant : List.of("a", "b")) {
      var created =
          ApiKey.create(
              tenant, Set.of(Scope.INFERENCE), Quota.NONE, Instant.now(), Optional.empty(), "");
      all.add(created.key());
      secrets.add(created.secret());
    }
    keys.change(_ -> all);
    try (var served =
        new Served(
            (config, _) -> new EngineCatalogue(config.models(), 0, Duration.ZERO),
            "keys=" + keys.path(),
            "models.tiny.file=" + Path.of(data, "models", "stories260K.gguf"))) {
      String body =
          "{\"model\":\"tiny\",\"prompt\":\"%s\",\"max_tokens\":4,\"temperature\":0}"
              .formatted("Once upon a time there was a cat. ".repeat(8));
      var texts = new HashSet<String>();
      for (int i = 0; i < 6; i++) {
        String secret = secrets.get(i % 2);
        var answer =
            json(served.post("/v1/completions", body, "authorization", "Bearer " + secret).body());
        int cached = answer.at("/usage/prompt_tokens_details/cached_tokens").intValue();
        assertEquals(i >= 2, cached > 0, "request " + i + answer);
        texts.add(answer.at("/choices/0/text").stringValue());
      }
      assertEquals(1, texts.size());
    }
  }

  /// What clients do with conversations, with a model that knows none: it is written plainly.
  @Test
  void conversationsWorkWithAModelWithoutATemplate() throws Exception {
    String data = System.getenv("EDUCE_TESTDATA");
    assumeTrue(data != null, "EDUCE_TESTDATA is unset");
    Path file = Path.of(data, "models", "stories260K.gguf");
    var settings =
        new Settings().put("port", "0", "test").put("models.tiny.file", file.toString(), "test");
    var config = ServerConfig.of(settings);
    try (var catalogue = new EngineCatalogue(config.models(), 0, Duration.ZERO);
        var server = new EduceServer(config, catalogue, _ -> {});
        var client = HttpClient.newHttpClient()) {
      Function<String, JsonNode> chat =
          more ->
              json(
                  post(
                      client,
                      server,
                      "/v1/chat/completions",
                      "{\"model\":\"tiny\",\"messages\":[{\"role\":\"system\","
                          + "\"content\":\"Be brief.\"},"
                          + "{\"role\":\"user\",\"content\":\"Once upon a time\"}]"
                          + more
                          + "}"));
      seedsRepeatAndProbabilitiesSpell(chat);
      formsAndCallsAreHeldTo(chat);
      promptsHaveProbabilities(client, server);
      var first =
          json(
              post(
                  client,
                  server,
                  "/v1/responses",
                  "{\"model\":\"tiny\",\"input\":\"Once upon a time\",\"max_output_tokens\":9}"));
      assertEquals("incomplete", first.get("status").stringValue(), first.toString());
      var second =
          json(
              post(
                  client,
                  server,
                  "/v1/responses",
                  "{\"model\":\"tiny\",\"input\":\"And then?\",\"max_output_tokens\":9,"
                      + "\"previous_response_id\":"
                      + first.get("id")
                      + "}"));
      assertTrue(
          second.at("/usage/input_tokens").intValue() > first.at("/usage/input_tokens").intValue());
      assertTrue(second.at("/usage/input_tokens_details/cached_tokens").intValue() >= 0);
    }
  }

  private static void seedsRepeatAndProbabilitiesSpell(Function<String, JsonNode> chat) {
    var greedy = chat.apply(",\"max_tokens\":20,\"temperature\":0,\"logprobs\":true");
    var spelled = new StringBuilder();
    for (JsonNode token : greedy.at("/choices/0/logprobs/content")) {
      spelled.append(token.get("token").stringValue());
      assertTrue(token.get("logprob").doubleValue() <= 0);
    }
    assertEquals(greedy.at("/choices/0/message/content").stringValue(), spelled.toString());
    String seeded = ",\"max_tokens\":20,\"seed\":7,\"n\":3";
    var once = chat.apply(seeded).get("choices");
    assertEquals(once, chat.apply(seeded).get("choices"));
    assertEquals(3, once.size());
    assertNotEquals(once.at("/0/message"), once.at("/1/message"));
    var cut =
        chat.apply(",\"max_tokens\":60,\"temperature\":0,\"stop\":" + "[\" \"]").at("/choices/0");
    assertFalse(cut.at("/message/content").stringValue().contains(" "));
    assertEquals("stop", cut.get("finish_reason").stringValue());
  }

  private static void formsAndCallsAreHeldTo(Function<String, JsonNode> chat) {
    String schema =
        "{\"type\":\"object\",\"properties\":{\"glad\":{\"type\":\"boolean\"},"
            + "\"kind\":{\"enum\":[\"cat\",\"dog\"]}},\"required\":[\"glad\",\"kind\"]}";
    var answer =
        chat.apply(
            ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"n\","
                + "\"schema\":"
                + schema
                + "}}");
    var written = json(answer.at("/choices/0/message/content").stringValue());
    assertTrue(written.get("glad").isBoolean() && written.get("kind").isString());
    assertEquals("stop", answer.at("/choices/0/finish_reason").stringValue());
    var called =
        chat.apply(
            ",\"tool_choice\":\"required\",\"parallel_tool_calls\":false,"
                + "\"tools\":[{\"type\":\"function\",\"function\":"
                + "{\"name\":"
                + "\"tell\",\"parameters\":"
                + schema
                + "}}]");
    var call = called.at("/choices/0/message/tool_calls/0/function");
    assertEquals("tell", call.get("name").stringValue(), called.toString());
    assertTrue(json(call.get("arguments").stringValue()).has("glad"));
    assertEquals("tool_calls", called.at("/choices/0/finish_reason").stringValue());
  }

  private static void promptsHaveProbabilities(HttpClient client, EduceServer server) {
    var choice =
        json(post(
                client,
                server,
                "/v1/completions",
                "{\"model\":\"tiny\",\"prompt\":\"Once upon a time\",\"max_tokens\":4,"
                    + "\"echo\":true,\"logprobs\":2,\"temperature\":0}"))
            .at("/choices/0");
    var logprobs = choice.get("logprobs");
    assertTrue(logprobs.at("/token_logprobs/0").isNull());
    assertTrue(logprobs.at("/token_logprobs/1").doubleValue() <= 0);
    int last = logprobs.get("tokens").size() - 1;
    assertEquals(last + 1, logprobs.get("text_offset").size());
    assertTrue(
        choice.get("text").stringValue().endsWith(logprobs.get("tokens").get(last).stringValue()));
  }

  private static String post(HttpClient client, EduceServer server, String body) {
    return post(client, server, "/v1/completions", body);
  }

  private static String post(HttpClient client, EduceServer server, String path, String body) {
    var request =
        HttpRequest.newBuilder(server.uri().resolve(path))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString()).join().body();
  }

  private static void leave(EduceServer server, int i) throws Exception {
    String body =
        "{\"model\":\"tiny\",\"prompt\":\"x%d\",\"max_tokens\":200,\"n\":2,\"stream\":%b}"
            .formatted(i, i % 2 == 0);
    try (var socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
      String head =
          "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
      socket
          .getOutputStream()
          .write(
              (head + "Content-Length: " + body.length() + "\r\n\r\n" + body)
                  .getBytes(StandardCharsets.US_ASCII));
      Thread.sleep(i % 7);
    }
  }
}
