package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that no honest client sends, byte by byte.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RawHttpTest {
  private static final String POST =
      "POST /v1/tokenize HTTP/1.1\nHost: localhost\nContent-Type: application/json\n";

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served("limits.head-seconds=1", "limits.body-seconds=1");
  }

  @AfterAll
  void stop() {
    served.close();
  }

  /// What each of these begins may not be taken for a second request.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /health\n\n",
        "GET /health HTTP/3.0\nHost: localhost\n\n",
        "GE T /health HTTP/1.1\nHost: localhost\n\n",
        "GET /health HTTP/1.1\n\n",
        "GET /health HTTP/1.1\nHost: localhost\nHost: localhost\n\n",
        "GET /health HTTP/1.1\nHost: localhost\n folded: x\n\n",
        "GET /health HTTP/1.1\nHost: localhost\nName : x\n\n",
        "GET /health HTTP/1.1\nHost: localhost\nNa\u0000me: x\n\n",
        POST + "Content-Length: 2\nContent-Length: 3\n\n{}",
        POST + "Content-Length: +2\n\n{}",
        POST + "Content-Length: -1\n\n{}",
        POST + "Content-Length: 2\nTransfer-Encoding: chunked\n\n0\n\n",
        POST + "Transfer-Encoding: chunked, identity\n\n0\n\n",
        POST + "Transfer-Encoding: chunked\n\n0x2\n{}\n0\n\n",
        POST + "Transfer-Encoding: chunked\n\n-2\n{}\n0\n\n",
        POST + "Transfer-Encoding: chunked\n\nfffffffffffffffff\n{}\n0\n\n",
      })
  void whatIsNoHttpIsRefusedAndTheConnectionClosed(String request) throws Exception {
    String answer =
        served.raw(
            request.replace("\n", "\r\n") + "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertTrue(answer.matches("(?s)HTTP/1.1 (400|505|501) .*"), answer);
    assertEquals(1, answer.split("HTTP/1.1 ", -1).length - 1, answer);
    assertTrue(answer.contains("\"error\""), answer);
  }

  @Test
  void headersBeyondTheLimitAreRefused() throws Exception {
    String answer =
        served.raw("GET /health HTTP/1.1\r\nHost: localhost\r\nx: " + "a".repeat(20_000));
    assertTrue(answer.startsWith("HTTP/1.1 431 "), answer);
    assertTrue(
        served.raw("GET /" + "a".repeat(20_000)).startsWith("HTTP/1.1 414 "), "a long address");
  }

  @Test
  void aBodyThatIsTooLongIsRefusedBeforeItIsRead() throws Exception {
    String announced = served.raw(crlf(POST + "Content-Length: 99999999999\n\n{}"));
    assertTrue(announced.startsWith("HTTP/1.1 413 "), announced);
    assertTrue(announced.toLowerCase().contains("connection: close"), announced);
  }

  @Test
  void manySmallChunksAreOneBody() throws Exception {
    String body = "{\"model\":\"letters\",\"prompt\":\"" + "x".repeat(65_500) + "\"}";
    var chunks = new StringBuilder();
    for (char c : body.toCharArray()) {
      chunks.append("1\r\n").append(c).append("\r\n");
    }
    String answer =
        served.raw(
            crlf(POST + "Connection: close\nTransfer-Encoding: chunked\n\n")
                + chunks
                + "0\r\n\r\n");
    assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
    assertTrue(answer.contains("\"count\":65500"), answer);
  }

  @Test
  void aBodyThatComesSlowlyIsGivenUp() throws Exception {
    try (var socket = served.socket()) {
      var out = socket.getOutputStream();
      out.write(crlf(POST + "Content-Length: 1000\n\n{").getBytes(StandardCharsets.US_ASCII));
      Thread.ofVirtual()
          .start(() -> {
            try {
              while (true) {
                Thread.sleep(50);
                out.write(' ');
              }
            } catch (IOException | InterruptedException _) {
              // The server has had enough.
            }
          });
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void aHeadThatComesSlowlyIsGivenUp() throws Exception {
    try (var socket = served.socket()) {
      var out = socket.getOutputStream();
      Thread.ofVirtual()
          .start(() -> {
            try {
              out.write("GET /health HTTP/1.1\r\nx: ".getBytes(StandardCharsets.US_ASCII));
              while (true) {
                Thread.sleep(50);
                out.write('y');
              }
            } catch (IOException | InterruptedException _) {
              // The server has had enough.
            }
          });
      String answer;
      try {
        answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      } catch (SocketException _) {
        answer = ""; // reset
      }
      assertTrue(answer.isEmpty() || answer.startsWith("HTTP/1.1 408 "), answer);
    }
  }

  @Test
  void requestsSentAheadAreAnsweredInOrder() throws Exception {
    String request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    String last = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    String answers = served.raw(request.repeat(999) + last);
    assertEquals(1_000, answers.split("HTTP/1.1 200 OK", -1).length - 1);
    assertFalse(answers.contains("error"), answers);
  }

  @Test
  void aRequestSentAheadIsFoundAgainAfterTheConnectionWasLookedAt() throws Exception {
    String body = "{\"model\":\"letters\",\"prompt\":\"hold\",\"max_tokens\":3}";
    try (var socket = served.asking(body)) {
      Served.await(() -> served.model.underWay.get() == 1);
      served.send(socket.getOutputStream(), body.replace("hold", "x"));
      Thread.sleep(600); // the second request now lies where the end of the first is looked for
      served.model.held.release();
      var in = socket.getInputStream();
      var answers = new StringBuilder();
      while (answers.toString().split("HTTP/1.1 200", -1).length < 3) {
        answers.append((char) in.read());
      }
    }
  }

  private static String crlf(String text) {
    return text.replace("\n", "\r\n");
  }
}
