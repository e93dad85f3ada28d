package dev.educe.cli.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.cli.load.Reply.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Load on servers that are made up.
class LoadTest {
  private static final String CHUNK = "data: {\"choices\":[{\"text\":\"a\"}]}\n\n";
  private static final String USAGE =
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n";
  private static final String DONE = "data: [DONE]\n\n";

  /// Ends an answer after which the connection is closed.
  private static final String CLOSE = "\0";

  /// Answers each request of each connection with what it is told to.
  private static final class Server implements AutoCloseable {
    private final ServerSocket socket =
        new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
    private final Answers answers;

    /// What the request with a number is answered with: bytes of HTTP.
    interface Answers {
      String of(int number) throws InterruptedException;
    }

    private final AtomicInteger requests = new AtomicInteger();

    Server(Answers answers) throws IOException {
      this.answers = answers;
      Thread.startVirtualThread(() -> {
        try {
          while (true) {
            var connection = socket.accept();
            Thread.startVirtualThread(() -> serve(connection));
          }
        } catch (IOException _) {
          // Closed.
        }
      });
    }

    private void serve(Socket connection) {
      try (connection) {
        var in =
            new BufferedReader(
                new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
        while (true) {
          int length = 0;
          for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
            if (line.startsWith("Content-Length: ")) {
              length = Integer.parseInt(line.substring(16));
            }
          }
          in.skip(length);
          String answer = answers.of(requests.getAndIncrement());
          byte[] bytes = answer.replace(CLOSE, "").getBytes(StandardCharsets.UTF_8);
          connection.getOutputStream().write(bytes);
          if (answer.endsWith(CLOSE)) {
            return;
          }
        }
      } catch (IOException | NullPointerException | InterruptedException _) {
        // The client has left.
      }
    }

    Target target(Endpoint endpoint) {
      return new Target(
          Target.base("localhost:" + socket.getLocalPort()),
          endpoint,
          "m",
          Optional.empty(),
          3,
          false,
          0,
          Duration.ofSeconds(20));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }

  private static String chunked(String... parts) {
    var text = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (String part : parts) {
      text.append(Integer.toHexString(part.length())).append("\r\n").append(part).append("\r\n");
    }
    return text + "0\r\n\r\n";
  }

  private static List<Reply> ask(Server server, int count) {
    try (var client = new LoadClient(server.target(Endpoint.COMPLETIONS))) {
      return new Load(client, () -> "x", count, Duration.ZERO, _ -> {}).closed(1);
    }
  }

  @Test
  void anAnswerIsReadHoweverItIsCut() throws IOException {
    String all = ": ping\n\n" + CHUNK + CHUNK + CHUNK + USAGE + DONE;
    try (var server =
        new Server(number -> {
          var parts = new ArrayList<String>();
          for (int from = 0; from < all.length(); from += number + 1) {
            parts.add(all.substring(from, Math.min(all.length(), from + number + 1)));
          }
          return chunked(parts.toArray(String[]::new));
        })) {
      var replies = ask(server, 40);
      assertEquals(40, replies.size());
      for (Reply reply : replies) {
        assertEquals(Outcome.DONE, reply.outcome(), reply.error());
        assertEquals(7, reply.promptTokens());
        assertEquals(3, reply.writtenTokens());
        assertEquals(2, reply.gaps().length);
        assertTrue(reply.sent() <= reply.first() && reply.last() <= reply.end());
      }
    }
  }

  @Test
  void aChatIsReadToo() throws IOException {
    String events =
        "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
            + "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    try (var server = new Server(_ -> chunked(events, DONE));
        var client = new LoadClient(server.target(Endpoint.CHAT))) {
      assertEquals(2, client.probe("x").writtenTokens());
    }
  }

  @Test
  void whatIsNoAnswerIsToldApart() throws IOException {
    String full = "{\"error\":{\"message\":\"full\",\"code\":\"overloaded\"}}";
    String[] answers = {
      "HTTP/1.1 503 No\r\nRetry-After: 1\r\nContent-Length: %d\r\n\r\n%s"
          .formatted(full.length(), full),
      "HTTP/1.1 429 No\r\nContent-Length: 0\r\n\r\n",
      chunked(CHUNK),
      chunked(CHUNK, "data: {\"error\":{\"message\":\"it broke\"}}\n\n"),
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + CHUNK + CLOSE,
      "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
      "SSH-2.0-x\r\n" + CLOSE,
    };
    try (var server = new Server(number -> answers[number])) {
      var replies = ask(server, answers.length);
      var result = new LoadResult("concurrency", 1, replies, List.of());
      assertEquals(2, result.refused());
      assertEquals(5, result.failed());
      assertEquals(1L, result.json().get("refused_with_retry_after"));
      assertEquals(
          "[429 without a code, 503 overloaded, it broke, the connection ended within an answer,"
              + " the server asks for a key (401): give a good one with --key,"
              + " the server does not speak HTTP/1.1, the stream broke off]",
          result.errors().keySet().toString());
    }
  }

  @Test
  void aConnectionThatWasClosedMeanwhileIsReplaced() throws IOException {
    try (var server = new Server(_ -> chunked(CHUNK, DONE) + CLOSE)) {
      var outcomes = ask(server, 5).stream().map(Reply::outcome).distinct().toList();
      assertEquals(List.of(Outcome.DONE), outcomes);
    }
  }

  /// A server that stands still must show in the times of all requests that were due meanwhile.
  @Test
  void aStallIsSeenByAllThatWereDue() throws IOException {
    var one = new ReentrantLock();
    try (var server =
            new Server(number -> {
              one.lock();
              try {
                if (number == 10) {
                  Thread.sleep(500);
                }
                return chunked(CHUNK, DONE);
              } finally {
                one.unlock();
              }
            });
        var client = new LoadClient(server.target(Endpoint.COMPLETIONS))) {
      var load = new Load(client, () -> "x", 200, Duration.ZERO, _ -> {});
      var replies = load.open(200, 1e3, new Random(1));
      assertEquals(200, replies.size());
      // One each 5 ms was due, so some fifty waited for more than half of the stall.
      long slow = replies.stream().filter(reply -> reply.totalNanos() > 200_000_000).count();
      assertTrue(slow >= 40, slow + " were slow");
    }
  }

  @Test
  void aLoadEndsInTime() throws IOException {
    try (var server = new Server(_ -> chunked(CHUNK, DONE));
        var client = new LoadClient(server.target(Endpoint.COMPLETIONS))) {
      var load = new Load(client, () -> "x", 1_000_000, Duration.ofMillis(200), _ -> {});
      assertTrue(load.open(100, 1, new Random(1)).size() < 200);
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.2, 1, 5})
  void gapsHaveTheirMeanAndSpread(double burstiness) {
    var arrivals = new Arrivals(10, burstiness, new Random(7));
    int count = 200_000;
    double sum = 0;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double seconds = arrivals.gapNanos() / 1e9;
      sum += seconds;
      squares += seconds * seconds;
    }
    double mean = sum / count;
    assertEquals(0.1, mean, 0.003);
    assertEquals(0.01 / burstiness, squares / count - mean * mean, 0.08 * 0.01 / burstiness);
  }

  @Test
  void histogramsGiveThePercentilesOfTheirValues() {
    double[] millis = new Random(7).doubles(5_000, -1, 5).map(Math::exp).toArray();
    var before = new StringBuilder();
    var after = new StringBuilder();
    for (double bound = 0.1; bound < 1_000; bound *= 1.05) {
      double limit = bound;
      long count = Arrays.stream(millis).filter(each -> each <= limit).count();
      String name = "t_seconds_bucket{le=\"" + bound / 1e3 + "\",model=\"m\"} ";
      before.append(name).append("100.0\n");
      after.append(name).append(100.0 + count).append('\n');
      after.append(name.replace("model=\"m\"", "model=\"other\"")).append("7.0\n");
    }
    var name = "t_seconds_bucket{le=\"+Inf\",model=\"m\"} ";
    before.append(name).append("100.0\n");
    after.append(name).append(100.0 + millis.length).append('\n');
    var histogram =
        new ServerFigures(after.toString())
            .since(new ServerFigures(before.toString()), "t_seconds", "m");
    assertEquals(millis.length, histogram.count());
    var exact = Spread.ofNanos(Arrays.stream(millis).map(each -> 1e6 * each));
    for (double percent : new double[] {5, 50, 90, 99}) {
      double expected = exact.percentile(percent);
      assertEquals(expected, histogram.percentile(percent), 0.05 * expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost:80",
        "http://localhost:80/v1",
        "localhost:80/v1/",
        "http://localhost:80/"
      })
  void anAddressMayBeGivenInManyWays(String address) {
    assertEquals("http://localhost:80", Target.base(address).toString());
  }
}
