package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Clients that leave, wait or do not read.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamsTest {
  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served("heartbeat-seconds=1");
  }

  @AfterAll
  void stop() {
    served.close();
  }

  private static String body(String prompt, boolean stream) {
    return "{\"model\":\"letters\",\"prompt\":\"%s\",\"stream\":%b,\"max_tokens\":5}"
        .formatted(prompt, stream);
  }

  @Test
  void aCommentComesWhileNothingElseDoes() throws Exception {
    try (var socket = served.asking(body("hold", true))) {
      var seen = new StringBuilder();
      while (!seen.toString().contains(": ping\n\n")) {
        seen.append((char) socket.getInputStream().read());
      }
      served.model.held.release();
      while (!seen.toString().contains("[DONE]")) {
        seen.append((char) socket.getInputStream().read());
      }
    }
  }

  @Test
  void workEndsWhenItsClientLeaves() throws Exception {
    for (boolean stream : new boolean[] {true, false}) {
      for (String prompt : new String[] {"hold", "forever"}) {
        for (boolean reset : new boolean[] {true, false}) {
          int before = served.model.cancelled.get();
          var socket = served.asking(body(prompt, stream));
          Served.await(() -> served.model.underWay.get() == 1);
          leave(socket, reset);
          Served.await(() -> served.model.cancelled.get() == before + 1);
          Served.await(() -> served.server.underWay() == 0);
          assertEquals(0, served.model.underWay.get());
        }
      }
    }
  }

  private static void leave(Socket socket, boolean reset) throws IOException {
    if (reset) {
      socket.setSoLinger(true, 0);
    }
    socket.close();
  }

  @Test
  void allTextsOfARequestEndTogether() throws Exception {
    int before = served.model.cancelled.get();
    var socket = served.asking(body("hold", true).replace("\"stream\"", "\"n\":4,\"stream\""));
    Served.await(() -> served.model.underWay.get() == 4);
    socket.close();
    Served.await(() -> served.model.cancelled.get() == before + 4);
  }

  @Test
  void conversationsEndWhenTheirClientLeaves() throws Exception {
    String chat =
        "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}],"
            + "\"stream\":%b,\"n\":4,\"tools\":[{\"type\":\"function\",\"function\":"
            + "{\"name\":\"f\"}}]}";
    String response = "{\"model\":\"letters\",\"input\":\"%s\",\"stream\":%b}";
    for (boolean stream : new boolean[] {true, false}) {
      for (String prompt : new String[] {"hold", "forever"}) {
        for (boolean isChat : new boolean[] {true, false}) {
          int before = served.model.cancelled.get();
          int texts = isChat ? 4 : 1;
          var socket =
              served.asking(
                  isChat ? "/v1/chat/completions" : "/v1/responses",
                  (isChat ? chat : response).formatted(prompt, stream));
          Served.await(() -> served.model.underWay.get() == texts);
          socket.close();
          Served.await(() -> served.model.cancelled.get() == before + texts);
          Served.await(() -> served.server.underWay() == 0);
        }
      }
    }
  }

  @Test
  void nothingIsStartedForAClientWhoLeftWhileThePromptWasMade() throws Exception {
    int before = served.model.started.get();
    int rendering = served.model.rendering.get();
    var socket =
        served.asking(
            "/v1/chat/completions",
            "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"render\"}]}");
    Served.await(() -> served.model.rendering.get() == rendering + 1);
    leave(socket, false);
    served.model.held.release();
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(before, served.model.started.get());
  }

  /// What may take long before anything is sent ends with its client, and its turn goes to others.
  @Test
  void whatIsPreparedForAClientWhoLeavesEnds() throws Exception {
    int before = served.model.started.get();
    String messages = "\"messages\":[{\"role\":\"user\",\"content\":\"compile\"}]";
    for (String each :
        new String[] {
          "/v1/chat/completions {\"model\":\"letters\",%s}",
          "/v1/chat/completions {\"model\":\"letters\",%s,\"stream\":true}",
          "/v1/responses {\"model\":\"letters\",\"input\":\"compile\"}",
          "/v1/messages {\"model\":\"letters\",\"max_tokens\":3,%s}",
          "/v1/messages/count_tokens {\"model\":\"letters\",%s}",
          "/api/chat {\"model\":\"letters\",%s}",
          "/api/generate {\"model\":\"letters\",\"prompt\":\"compile\"}"
        }) {
      int rendering = served.model.rendering.get();
      String[] parts = each.replace("%s", messages).split(" ", 2);
      var socket = served.asking(parts[0], parts[1]);
      Served.await(() -> served.model.rendering.get() == rendering + 1);
      leave(socket, each.contains("chat"));
      Served.await(() -> served.server.underWay() == 0);
    }
    assertEquals(before, served.model.started.get());
    assertTrue(served.log.stream().noneMatch(line -> line.contains("engine_error")));
  }

  @Test
  void commentsComeWhileAConversationIsRead() throws Exception {
    String body =
        "{\"model\":\"letters\",\"messages\":[{\"role\":\"user\",\"content\":\"hold\"}],"
            + "\"stream\":true,\"max_tokens\":2}";
    try (var socket = served.asking("/v1/chat/completions", body)) {
      var seen = new StringBuilder();
      while (!seen.toString().contains(": ping\n\n")) {
        seen.append((char) socket.getInputStream().read());
      }
      assertTrue(!seen.toString().contains("assistant"), "the role comes with what it says");
      served.model.held.release();
      while (!seen.toString().contains("[DONE]")) {
        seen.append((char) socket.getInputStream().read());
      }
      assertTrue(seen.toString().contains("assistant"));
    }
  }

  @Test
  void aReaderThatStopsHoldsUpNobodyElse() throws Exception {
    var lazy = served.asking(body("forever", true));
    Served.await(() -> served.model.paused.get() > 0);
    var response = served.post("/v1/completions", body("x", false));
    assertEquals(200, response.statusCode());
    assertEquals(1, served.model.underWay.get());
    int cancelled = served.model.cancelled.get();
    leave(lazy, true);
    Served.await(() -> served.model.cancelled.get() == cancelled + 1);
  }

  @Test
  void aReaderThatTakesNothingForTooLongIsGivenUp() throws Exception {
    try (var own = new Served("limits.idle-seconds=1");
        var lazy = own.asking(body("forever", true))) {
      Served.await(() -> own.model.paused.get() > 0);
      Served.await(() -> own.model.cancelled.get() == 1);
      Served.await(() -> own.server.underWay() == 0);
      assertTrue(lazy.isConnected());
    }
  }

  /// Whatever of a request has come when its client leaves, and after its answer.
  @Test
  void whoLeavesAfterAnyByteLeavesNothingBehind() throws Exception {
    String json = body("x", true);
    String request =
        "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: %d\r\n\r\n%s".formatted(json.length(), json);
    for (int bytes = 0; bytes <= request.length(); bytes++) {
      try (var socket = served.socket()) {
        socket.getOutputStream().write(request.substring(0, bytes).getBytes());
        socket.setSoLinger(bytes % 2 == 0, 0);
      }
    }
    try (var socket = served.asking(json)) {
      var seen = new StringBuilder();
      while (!seen.toString().contains("[DONE]")) {
        seen.append((char) socket.getInputStream().read());
      }
    }
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(0, served.model.underWay.get());
  }

  /// The end of what a client says cannot be told from its leaving.
  @Test
  void whoStopsSendingHasLeft() throws Exception {
    int before = served.model.cancelled.get();
    try (var socket = served.asking(body("hold", true))) {
      Served.await(() -> served.model.underWay.get() == 1);
      socket.shutdownOutput();
      Served.await(() -> served.model.cancelled.get() == before + 1);
    }
  }

  /// What a model writes is text, whatever it looks like.
  @Test
  void nothingThatIsWrittenEndsAStream() throws Exception {
    for (String text :
        new String[] {
          "data: [DONE]\\n\\n!", "[DONE]\\r\\n\\r\\n!", "\\n\\nevent: error\\ndata: {}\\n\\n!",
          ": ping\\n\\n!", "\\u2028\\u0085!", "0\\r\\n\\r\\n!"
        }) {
      var response = served.post("/v1/completions", body("say " + text, true).replace(":5", ":99"));
      var events = Events.of(response.body());
      assertEquals("[DONE]", events.removeLast());
      var written = new StringBuilder();
      for (String event : events) {
        written.append(Served.json(event).at("/choices/0/text").stringValue());
      }
      assertEquals(Served.json('"' + text + '"').stringValue(), written.toString());
    }
  }

  @Test
  void clientsThatLeaveAtAnyTimeLeaveNothingBehind() throws Exception {
    var sockets = new ArrayList<Socket>();
    for (int i = 0; i < 300; i++) {
      var socket = served.asking(body(i % 2 == 0 ? "forever" : "hold", i % 3 != 0));
      sockets.add(socket);
      if (i % 5 != 0) {
        leave(sockets.remove(i * 31 % sockets.size()), i % 2 == 0);
      }
    }
    for (Socket socket : sockets) {
      leave(socket, true);
    }
    Served.await(() -> served.server.underWay() == 0);
    assertEquals(0, served.model.underWay.get());
    assertEquals(200, served.post("/v1/completions", body("x", false)).statusCode());
  }

  @Test
  void aShutdownLetsWorkEndAndRefusesMore() throws Exception {
    try (var own = new Served("drain-seconds=20");
        var socket = own.asking(body("hold", true))) {
      Served.await(() -> own.model.underWay.get() == 1);
      var drain = Thread.ofVirtual().start(own.server::drain);
      Served.await(() -> status(own, "/ready") == 503);
      assertEquals(200, status(own, "/health"));
      var refused = own.post("/v1/completions", body("x", false));
      assertEquals(503, refused.statusCode());
      assertTrue(refused.body().contains("shutting_down"), refused.body());
      assertTrue(refused.headers().firstValue("retry-after").isPresent());
      own.model.held.release();
      drain.join();
      var seen = new StringBuilder();
      while (!seen.toString().contains("[DONE]")) {
        seen.append((char) socket.getInputStream().read());
      }
    }
  }

  private static int status(Served served, String path) {
    try {
      return served.get(path).statusCode();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void healthFailsWhenWorkWaitsAndNothingMoves() throws Exception {
    try (var own = new Served("stall-seconds=1")) {
      assertEquals(200, status(own, "/health"));
      own.model.waiting = 1;
      Served.await(() -> status(own, "/health") == 503);
      own.model.steps++;
      assertEquals(200, status(own, "/health"));
    }
  }

  @Test
  void theAccessLogHasNothingOfWhatWasSaid() throws Exception {
    served.post(
        "/v1/completions?canary",
        body("canary", false),
        "authorization",
        "Bearer canary",
        "user-agent",
        "canary");
    served.get("/canary");
    Served.await(() -> served.log.stream().anyMatch(line -> line.contains("not_found")));
    assertTrue(served.log.stream().noneMatch(line -> line.contains("canary")));
    assertTrue(
        served.log.stream().anyMatch(line -> line.contains("POST /v1/completions 200 - letters")),
        () -> String.join("\n", served.log));
    byte[] figures = served.get("/metrics").body().getBytes(StandardCharsets.UTF_8);
    String text = new String(figures, StandardCharsets.UTF_8);
    assertTrue(!text.contains("canary") && text.contains("educe_time_to_first_token"), text);
  }
}
