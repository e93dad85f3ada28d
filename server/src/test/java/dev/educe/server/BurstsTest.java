package dev.educe.server;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Crowds that connect in the same moment.
class BurstsTest {
  private static final byte[] REQUEST =
      "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
          .getBytes(StandardCharsets.US_ASCII);

  @Test
  @Timeout(60)
  void everyConnectionOfACrowdIsAnswered() throws Exception {
    try (var served = new Served("access-log=off")) {
      assertEquals(2_000, answered(served, 2_000));
    }
  }

  @Test
  @Tag("slow")
  void hundredCrowdsAreAnswered() throws Exception {
    try (var served = new Served("access-log=off")) {
      for (int round = 0; round < 100; round++) {
        assertEquals(2_000, answered(served, 2_000), "crowd " + round);
      }
    }
  }

  /// Connects so many at once: how many of them get the answer that all should get.
  private static int answered(Served served, int count) throws Exception {
    var uri = served.server.uri();
    var address = new InetSocketAddress(InetAddress.getByName(uri.getHost()), uri.getPort());
    var buffer = ByteBuffer.allocate(1 << 12);
    int open = count;
    int answered = 0;
    try (var selector = Selector.open()) {
      for (int i = 0; i < count; i++) {
        var channel = SocketChannel.open();
        channel.configureBlocking(false);
        channel.connect(address);
        channel.register(selector, SelectionKey.OP_CONNECT);
      }
      while (open > 0) {
        selector.select();
        for (SelectionKey key : selector.selectedKeys()) {
          var channel = (SocketChannel) key.channel();
          if (key.isConnectable()) {
            channel.finishConnect();
            channel.write(ByteBuffer.wrap(REQUEST));
            key.interestOps(SelectionKey.OP_READ);
            continue;
          }
          buffer.clear();
          int read = channel.read(buffer);
          if (read > 0) {
            String answer =
                new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
            answered += answer.startsWith("HTTP/1.1 200") ? 1 : 0;
          } else if (read < 0) {
            channel.close();
            open--;
          }
        }
        selector.selectedKeys().clear();
      }
    }
    return answered;
  }
}
