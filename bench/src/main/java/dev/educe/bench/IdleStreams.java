package dev.educe.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Many streams at once, of which a few are written and all others wait for their turn.
final class IdleStreams {
  private static final int TOKENS = 400;
  private static final int HOLD_SECONDS = 15;

  // So many connect at a time that the system's queue holds them.
  private static final int GROUP = 500;
  private static final ByteBuffer REFUSAL =
      ByteBuffer.wrap("HTTP/1.1 503".getBytes(StandardCharsets.US_ASCII));

  private static final int PORTS_OF_AN_ADDRESS = 5_000;

  private final ServedProcess server;
  private final int count;
  private int refused;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);

  IdleStreams(ServedProcess server, int count) {
    this.server = server;
    this.count = count;
  }

  void run() throws IOException, InterruptedException {
    long before = server.bytes();
    var channels = new ArrayList<SocketChannel>();
    long start = System.nanoTime();
    try {
      for (int i = 0; i < count; i++) {
        channels.add(asking(i));
        if (i % GROUP == GROUP - 1) {
          read(channels);
          Thread.sleep(50);
        }
      }
      double opening = (System.nanoTime() - start) / 1e9;
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(HOLD_SECONDS);
      var seen = new boolean[count];
      while (System.nanoTime() < end) {
        Thread.sleep(100);
        for (int i = 0; i < count; i++) {
          seen[i] |= read(channels.get(i)) > 0;
        }
      }
      int alive = 0;
      for (int i = 0; i < count; i++) {
        alive += seen[i] && read(channels.get(i)) >= 0 ? 1 : 0;
      }
      ServeCommand.print(
          "%,d streams, opened in %.1f s and held for %d s: %,d were heard from and are open, %,d"
              + " were refused; %.0f run, %.0f wait; %.1f KiB of the server's memory for each",
          count,
          opening,
          HOLD_SECONDS,
          alive,
          refused,
          server.gauge("educe_requests_running"),
          server.gauge("educe_requests_waiting"),
          (server.bytes() - before) / 1024.0 / count);
    } finally {
      for (var channel : channels) {
        channel.close();
      }
    }
    Disconnects.awaitIdle(server);
  }

  private SocketChannel asking(int number) throws IOException {
    var channel = SocketChannel.open();
    // An address of one's own has ports of its own.
    channel.bind(
        new InetSocketAddress(
            InetAddress.getByAddress(
                new byte[] {127, 0, 0, (byte) (2 + number / PORTS_OF_AN_ADDRESS)}),
            0));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.connect(new InetSocketAddress(server.base().getHost(), server.base().getPort()));
    channel.write(ByteBuffer.wrap(request("w" + number, TOKENS)));
    channel.configureBlocking(false);
    return channel;
  }

  /// A request for a stream.
  static byte[] request(String prompt, int tokens) {
    String body =
        "{\"model\":\"m\",\"prompt\":\"%s\",\"max_tokens\":%d,\"min_tokens\":%d,\"stream\":true}"
            .formatted(prompt, tokens, tokens);
    return ("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body))
        .getBytes(StandardCharsets.US_ASCII);
  }

  private void read(List<SocketChannel> channels) throws IOException {
    for (var channel : channels) {
      read(channel);
    }
  }

  /// Takes what has come: how many bytes, or -1 if the server has closed.
  private int read(SocketChannel channel) throws IOException {
    buffer.clear();
    int count = channel.read(buffer);
    buffer.flip();
    refused += count > REFUSAL.limit() && buffer.slice(0, REFUSAL.limit()).equals(REFUSAL) ? 1 : 0;
    return count;
  }
}
