package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Crowds of clients that send a byte now and then, or nothing more, or take nothing: each is given
/// up at its deadline, and honest clients are served meanwhile.
class SlowClientsTest {
  private static final int READERS = 20; // one of so many

  private static final String POST =
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  private static final String STREAM =
      "{\"model\":\"letters\",\"prompt\":\"forever\",\"stream\":true,\"max_tokens\":2147483647}";
  private static final byte[] HONEST =
      "{\"model\":\"letters\",\"prompt\":\"x\",\"max_tokens\":2}".getBytes();

  /// What a client begins with, and what it sends again and again.
  private enum Kind {
    HEAD("GET /health HTTP/1.1\r\nx: ", "y"),
    SILENT_HEAD("GET /health HT", ""),
    BODY(POST + "Content-Length: 100000\r\n\r\n{", " "),
    CHUNKS(POST + "Transfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
    SILENT_BODY(POST + "Content-Length: 100000\r\n\r\n{", ""),
    READER(POST + "Content-Length: %d\r\n\r\n%s".formatted(STREAM.length(), STREAM), "");

    final ByteBuffer begin;
    final ByteBuffer again;

    Kind(String begin, String again) {
      this.begin = ByteBuffer.wrap(begin.getBytes(StandardCharsets.US_ASCII));
      this.again = ByteBuffer.wrap(again.getBytes(StandardCharsets.US_ASCII));
    }
  }

  private record Slow(Kind kind, SocketChannel channel) {
    static Slow connect(Served served, Kind kind) throws IOException {
      var uri = served.server.uri();
      var channel = SocketChannel.open();
      channel.setOption(StandardSocketOptions.SO_RCVBUF, 4_096);
      channel.connect(new InetSocketAddress(uri.getHost(), uri.getPort()));
      channel.configureBlocking(false);
      channel.write(kind.begin.duplicate());
      return new Slow(kind, channel);
    }

    /// @return whether the server has closed
    boolean isOver(ByteBuffer buffer) throws IOException {
      try {
        channel.write(kind.again.duplicate());
        if (channel.read(buffer.clear()) >= 0) {
          return false;
        }
      } catch (IOException _) {
        // Reset.
      }
      channel.close();
      return true;
    }
  }

  @Test
  @Timeout(60)
  void aHundredAreGivenUp() throws Exception {
    crowd(120, 5, 1);
  }

  @Test
  @Tag("slow")
  @Timeout(600)
  void eightThousandAreGivenUp() throws Exception {
    crowd(8_000, 50, 5);
  }

  private static void crowd(int count, int honest, int seconds) throws Exception {
    try (var served =
            new Served(
                "access-log=off",
                "limits.head-seconds=" + seconds,
                "limits.body-seconds=" + seconds,
                "limits.idle-seconds=" + seconds);
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var isOver = new AtomicBoolean();
      var answers = new ArrayList<Future<Integer>>();
      for (int i = 0; i < honest; i++) {
        answers.add(threads.submit(() -> ask(served, isOver)));
      }
      try {
        var clients = new ArrayList<Slow>();
        for (int i = 0; i < count; i++) {
          // Readers come after much was written to them: they are fewer.
          var kind = i % READERS == 0 ? Kind.READER : Kind.values()[i % Kind.READER.ordinal()];
          clients.add(Slow.connect(served, kind));
        }
        awaitEnds(new ArrayList<>(clients));
        while (served.server.underWay() > honest) {
          Thread.sleep(20);
        }
        isOver.set(true);
        for (var each : answers) {
          assertTrue(each.get() > 10, "an honest client waited");
        }
        // Those who take nothing are still there.
        Served.await(() -> served.server.underWay() == 0);
        assertEquals(0, served.model.underWay.get());
        assertTrue(served.model.cancelled.get() > count / (2 * READERS));
        for (Slow client : clients) {
          client.channel.close();
        }
      } finally {
        isOver.set(true);
      }
    }
  }

  /// Waits for the ends of all but those that do not read, who do not see theirs.
  private static void awaitEnds(List<Slow> clients) throws Exception {
    var buffer = ByteBuffer.allocate(1 << 12);
    clients.removeIf(client -> client.kind == Kind.READER);
    while (!clients.isEmpty()) {
      for (var each = clients.iterator(); each.hasNext(); ) {
        if (each.next().isOver(buffer)) {
          each.remove();
        }
      }
      Thread.sleep(20);
    }
  }

  private static int ask(Served served, AtomicBoolean isOver) throws Exception {
    int count = 0;
    while (!isOver.get()) {
      try (var connection = new Connection(served)) {
        while (!isOver.get()) {
          var answer = connection.send("POST", "/v1/completions", "application/json", HONEST);
          assertEquals(200, answer.status(), answer.body());
          count++;
        }
      } catch (EOFException | SocketException _) {
        // It was idle for too long: a campaign may be stopped meanwhile, for others to measure.
      }
    }
    return count;
  }
}
