package dev.educe.server;

import static dev.educe.server.Served.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.Model;
import dev.educe.Request;
import dev.educe.sampling.Sampling;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.model.EngineModel;
import dev.educe.server.model.LoadingCatalogue;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

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
    try (var catalogue =
            new LoadingCatalogue(config.models(), EngineModel::load, 0, Duration.ZERO);
        var server = new EduceServer(config, catalogue, _ -> {});
        var client = HttpClient.newHttpClient()) {
      String body =
          "{\"model\":\"tiny\",\"prompt\":\"Once upon a time\",\"max_tokens\":40,\"temperature\":0";
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
      var progress = catalogue.loaded().get("tiny").progress();
      assertEquals(0, progress.running() + progress.waiting());
    }
  }

  private static String post(HttpClient client, EduceServer server, String body) throws Exception {
    var request =
        HttpRequest.newBuilder(server.uri().resolve("/v1/completions"))
            .header("content-type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString()).body();
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
