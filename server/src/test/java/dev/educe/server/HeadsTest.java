package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/// What parts one request from the next, said in every way in which two servers may differ: there
/// is never a second answer, and never a fault.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HeadsTest {
  private static final String SECOND = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";
  private static final String POST =
      "POST /v1/tokenize HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

  private static final List<String> LENGTHS =
      List.of(
          "Content-Length: +4",
          "Content-Length: -4",
          "Content-Length: 0x4",
          "Content-Length: 4,4",
          "Content-Length: 4 4",
          "Content-Length: 4;",
          "Content-Length: \"4\"",
          "Content-Length: four",
          "Content-Length: 4\r\nContent-Length: 5",
          "Content-Length: 4\r\nContent-Length:",
          "Content-Length : 4",
          "Content-Length\t: 4",
          " Content-Length: 4",
          "X: y\r\n Content-Length: 4",
          "Content-Length: 99999999999999999999",
          "Content-Length: 4\u0000",
          "Content-Length: \u0664",
          "Content-Length: 4\r\nContent-Length: 4",
          "Content-Length: 4.0",
          "Content-Length: 4e0",
          "Content-Length:",
          "Content-Length: 4\t5",
          "Content-Length: 4\u000b",
          "Content-Length: 4\u00a0",
          "Content-Length: 9223372036854775808",
          "Content-Length: -0",
          "Content-Length: 4, 4",
          "Content-Length: ,4",
          "Content-Length: 4,",
          "Content-Length\u0000: 4",
          "Content-Length: 4\rX: y",
          "X: y\rContent-Length: 4",
          "X: y\nContent-Length: 4");

  private static final List<String> CODINGS =
      List.of(
          "Transfer-Encoding: identity",
          "Transfer-Encoding: chunked, identity",
          "Transfer-Encoding: identity, chunked",
          "Transfer-Encoding: gzip, chunked",
          "Transfer-Encoding: chunked, chunked",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
          "Transfer-Encoding: xchunked",
          "Transfer-Encoding: chunkedx",
          "Transfer-Encoding: \"chunked\"",
          "Transfer-Encoding: \u000bchunked",
          "Transfer-Encoding : chunked",
          " Transfer-Encoding: chunked",
          "X: y\r\n Transfer-Encoding: chunked",
          "Transfer-Encoding: chunked;q=1",
          "Transfer-Encoding:\u0000chunked",
          "Transfer-Encoding:\u000bchunked",
          "Transfer-Encoding: chunked,",
          "Transfer-Encoding: ,chunked",
          "Transfer-Encoding: chunked\u0000",
          "Transfer-Encoding: 'chunked'",
          "Transfer-Encoding: chunked identity",
          "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding:",
          "Transfer-Encoding: deflate",
          "Transfer-Encoding: trailers, chunked",
          "Transfer-Encoding\t: chunked",
          "Transfer-Encoding\u0000: chunked",
          "Transfer-Encoding: chun\r\n ked",
          "Transfer-Encoding: \u00a0chunked",
          "Transfer-Encoding: chunked\u000c",
          "Transfer-Encoding: chunked\rX: y",
          "X: y\rTransfer-Encoding: chunked",
          "X: y\nTransfer-Encoding: chunked");

  private static final List<String> CHUNKS =
      List.of(
          "0x4\r\n{ }\n\r\n0\r\n\r\n",
          "+4\r\n{ }\n\r\n0\r\n\r\n",
          "-4\r\n{ }\n\r\n0\r\n\r\n",
          " 4\r\n{ }\n\r\n0\r\n\r\n",
          "4_\r\n{ }\n\r\n0\r\n\r\n",
          "ffffffffffffffffff\r\n{ }\n\r\n0\r\n\r\n",
          "80000000\r\n{ }\n\r\n0\r\n\r\n",
          "7fffffffffffffff\r\n{ }\n\r\n0\r\n\r\n",
          "4\r\n{ }\nX\r\n0\r\n\r\n",
          "4\r\n{ }\n0\r\n\r\n",
          "4\n{ }\n\n0\n\n",
          "g\r\n{ }\n\r\n0\r\n\r\n",
          "\r\n{ }\n\r\n0\r\n\r\n",
          ";\r\n{ }\n\r\n0\r\n\r\n",
          "4\u0000\r\n{ }\n\r\n0\r\n\r\n",
          "4\r\r\n{ }\n\r\n0\r\n\r\n",
          "4\u000b\r\n{ }\n\r\n0\r\n\r\n",
          "4.\r\n{ }\n\r\n0\r\n\r\n",
          "4h\r\n{ }\n\r\n0\r\n\r\n",
          "\u0664\r\n{ }\n\r\n0\r\n\r\n",
          "4\r{ }\n\r\n0\r\n\r\n",
          "\n4\r\n{ }\n\r\n0\r\n\r\n",
          "4\r\n{ }\n\n0\r\n\r\n",
          "4\r\n{ }\n\r\n0\n\r\n",
          "4\r\n{ }\n\r\n0\r\n\n",
          "4\r\n{ }\n\r\n-0\r\n\r\n",
          "4\r\n{ }\n\r\n+0\r\n\r\n",
          "4\r\n{ }\n\r\n0x0\r\n\r\n",
          "100000000\r\n{ }\n\r\n0\r\n\r\n",
          "8000000000000000\r\n{ }\n\r\n0\r\n\r\n",
          "4\r\n{ }\n\r\n0\r\nX : y\r\n\r\n",
          "4\r\n{ }\n\r\n0\r\n X: y\r\n\r\n",
          "4\r\n{ }\n\r\n0\r\nX: y\n\r\n",
          "4\r\n{ }\n\r\n0\r\nX: y\r\rZ: y\r\n\r\n",
          "4\r\n{ }\n\r\n0\r\nX\r\n\r\n",
          "4\r\n{ }\n\r\n0\r\n\u0000: y\r\n\r\n");

  /// What stands behind the size of a chunk, and is no extension of one as RFC 9112 has them.
  private static final List<String> EXTENSIONS =
      List.of(
          ";",
          "; ",
          ";;a",
          ";=a",
          ";a=",
          ";a=\"b",
          ";a=\"b\r\n\"",
          ";a=b\"",
          ";a\rb",
          ";a\nb",
          ";a\u0000",
          ";\u0001=b",
          ";a=b c",
          ";a b",
          ";a,b",
          ",a",
          ";a=\"\u0000\"",
          ";a=\"\\\r\n\"",
          ";a\r",
          ";a=\"b\"c",
          ";a=\u0001",
          " a",
          " ",
          "\t",
          ";a ");

  private Served served;

  @BeforeAll
  void start() throws IOException {
    served = new Served("limits.head-seconds=2", "limits.body-seconds=2");
  }

  @AfterAll
  void stop() {
    served.close();
  }

  /// The statuses of what comes back until the connection ends.
  private List<Integer> statuses(String bytes) throws IOException {
    try {
      var statuses = new ArrayList<Integer>();
      String answer = served.raw(bytes);
      for (String part : answer.split("HTTP/1\\.1 ", -1)) {
        if (part.matches("(?s)\\d{3} .*")) {
          statuses.add(Integer.parseInt(part.substring(0, 3)));
        }
      }
      return statuses;
    } catch (SocketException _) {
      return List.of(); // reset
    }
  }

  private void refused(String bytes) throws IOException {
    var statuses = statuses(bytes);
    assertTrue(statuses.size() <= 1, bytes + statuses);
    for (int status : statuses) {
      assertTrue(List.of(400, 408, 411, 413, 501, 505).contains(status), bytes + statuses);
    }
  }

  @Test
  void noLengthIsReadInTwoWays() throws IOException {
    for (String length : LENGTHS) {
      refused(POST + length + "\r\n\r\n{ }\n" + SECOND);
      refused(POST + length + "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND);
    }
    for (String coding : CODINGS) {
      refused(POST + coding + "\r\n\r\n0\r\n\r\n" + SECOND);
      refused(POST + "Content-Length: 5\r\n" + coding + "\r\n\r\n0\r\n\r\n" + SECOND);
      refused(POST + coding + "\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND);
    }
    String chunked = POST + "Transfer-Encoding: chunked\r\n\r\n";
    for (String chunks : CHUNKS) {
      refused(chunked + chunks + SECOND);
    }
    for (String extension : EXTENSIONS) {
      refused(chunked + "4" + extension + "\r\n{ }\n\r\n0\r\n\r\n" + SECOND);
      refused(chunked + "4\r\n{ }\n\r\n0" + extension + "\r\n\r\n" + SECOND);
    }
    refused(POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND);
  }

  /// What follows a body is the next request, and a body is what its head says.
  @Test
  void whatIsSaidInOneWayIsTaken() throws IOException {
    String last = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    String chunked = POST + "Transfer-Encoding: chunked\r\n\r\n";
    for (String good :
        List.of(
            POST + "Content-Length: 3\r\n\r\n{ }",
            POST.replace("Content-Type", "content-type") + "CONTENT-LENGTH:3\r\n\r\n{ }",
            chunked + "3\r\n{ }\r\n0\r\n\r\n",
            chunked + "1\r\n{\r\n2\r\n }\r\n0\r\nX-Trailer: y\r\n\r\n",
            chunked + "00000003\r\n{ }\r\n000\r\n\r\n",
            chunked + "3;a\r\n{ }\r\n0;b\r\n\r\n",
            chunked + "3;a=b;c=\"d e\"\r\n{ }\r\n0\r\n\r\n",
            chunked + "3 ; a = b\r\n{ }\r\n0\r\n\r\n",
            chunked + "3;a=\"\\\";\"\r\n{ }\r\n0\r\n\r\n",
            chunked + "3\r\n{ }\r\n0\r\nContent-Length: 99\r\n\r\n",
            chunked + "3\r\n{ }\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n")) {
      assertEquals(List.of(400, 200), statuses(good + last), good);
    }
  }

  @Test
  void linesThatAreNoRequestAreRefused() throws IOException {
    String rest = " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for (String line :
        List.of(
            "GET /health HTTP/1.1\nHost: localhost\n\n",
            "GET /health\r\nHost: localhost\r\n\r\n",
            "GET /health HTTP/0.9\r\n\r\n",
            "GET /health HTTP/2.0\r\nHost: localhost\r\n\r\n",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "GET\t/health" + rest,
            "GET /hea lth" + rest,
            "GET /health\u0000" + rest,
            "G\u00e9T /health" + rest,
            "GET /h\u00e9alth" + rest,
            "GET /health\rX" + rest,
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000",
            "GET " + "/".repeat(65_536) + rest,
            "GET /health HTTP/1.1\r\nHost: localhost\r\n" + "x: y\r\n".repeat(10_001) + "\r\n",
            "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /health HTTP/1.1\r\nHost: a b\r\n\r\n")) {
      for (int status : statuses(line)) {
        assertTrue(status >= 400 && status != 500 && status < 506, line + status);
      }
    }
  }

  @Test
  void noOtherProtocolIsSpoken() throws IOException {
    String upgrade =
        "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
            + "Upgrade: %s\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
    for (String protocol : List.of("h2c", "websocket", "TLS/1.0")) {
      assertEquals(List.of(200), statuses(upgrade.formatted(protocol)), protocol);
    }
  }

  @Test
  void aClientThatWaitsToBeAskedForItsBodyIs() throws Exception {
    try (var socket = served.socket()) {
      var out = socket.getOutputStream();
      String head = POST + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n";
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      var seen = new StringBuilder();
      while (seen.indexOf("\r\n\r\n") < 0) {
        seen.append((char) socket.getInputStream().read());
      }
      assertTrue(seen.toString().startsWith("HTTP/1.1 100"), seen.toString());
      out.write("{ }".getBytes(StandardCharsets.US_ASCII));
      while (seen.indexOf("HTTP/1.1 400") < 0) {
        seen.append((char) socket.getInputStream().read());
      }
    }
    // One that is refused by its head is not asked.
    String refused = POST.replace("tokenize", "nowhere") + "Expect: 100-continue\r\n";
    var statuses = statuses(refused + "Connection: close\r\nContent-Length: 3\r\n\r\n");
    assertEquals(List.of(404), statuses);
    assertEquals(List.of(417), statuses(POST + "Expect: more\r\nContent-Length: 3\r\n\r\n{ }"));
  }

  @Test
  void headsThatWereRightBeforeTheyWereChangedEndWell() throws IOException {
    mutate(1_500);
  }

  @Test
  @Tag("slow")
  @Timeout(3_600)
  void hundredThousandHeadsEndWell() throws IOException {
    mutate(100_000);
  }

  private void mutate(int count) throws IOException {
    var seed = Seed.given();
    var random = seed.random();
    var heads =
        List.of(
            "GET /health HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
            "GET /v1/models/letters?x=y HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\n\r\n",
            POST + "Content-Length: 3\r\n\r\n{ }",
            POST + "Transfer-Encoding: chunked\r\n\r\n3\r\n{ }\r\n0\r\n\r\n",
            "OPTIONS /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < count; i++) {
      String head = heads.get(random.nextInt(heads.size()));
      int changes = 1 + random.nextInt(3);
      for (int j = 0; j < changes; j++) {
        int at = random.nextInt(head.length());
        head =
            switch (random.nextInt(4)) {
              case 0 -> head.substring(0, at) + (char) random.nextInt(256) + head.substring(at);
              case 1 -> head.substring(0, at) + head.substring(Math.min(head.length(), at + 2));
              case 2 -> head.substring(0, at) + head.substring(Math.max(0, at - 9));
              default -> {
                char mark = "\r\n\t :,;/%\u0000\u007f".charAt(random.nextInt(11));
                yield head.substring(0, at) + mark + head.substring(at + 1);
              }
            };
      }
      for (int status : statuses(head)) {
        assertTrue(status != 500 && status < 506, "%s: %s%d".formatted(seed, head, status));
      }
    }
    assertEquals(0, served.server.underWay());
  }
}
