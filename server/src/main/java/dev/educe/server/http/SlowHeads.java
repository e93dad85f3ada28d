package dev.educe.server.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.component.AbstractLifeCycle;

/// Closes connections whose request line and headers do not arrive in time: byte by byte they would
/// never be idle.
final class SlowHeads extends AbstractLifeCycle implements Connection.Listener, AutoCloseable {
  private static final long LOOK_MILLIS = 500;

  private final long nanosMax;
  private final Map<Connection, Wait> waits = new ConcurrentHashMap<>();
  private final Thread watch;

  /// What a connection had sent when a look was taken, and since when it has been sending a head.
  private record Wait(long bytesAtStart, long sinceNanos) {
    static final long NOT_YET = 0;
  }

  SlowHeads(Duration time) {
    nanosMax = time.toNanos();
    watch = Thread.ofVirtual().name("educe-slow-heads").start(this::watch);
  }

  @Override
  public void onOpened(Connection connection) {
    answered(connection);
  }

  @Override
  public void onClosed(Connection connection) {
    waits.remove(connection);
  }

  /// A head has arrived.
  void arrived(Connection connection) {
    waits.remove(connection);
  }

  /// A request is over: the next head may come.
  void answered(Connection connection) {
    if (connection.getEndPoint().isOpen()) {
      waits.put(connection, new Wait(connection.getBytesIn(), Wait.NOT_YET));
    }
  }

  private void watch() {
    try {
      while (true) {
        Thread.sleep(LOOK_MILLIS);
        waits.forEach(this::look);
      }
    } catch (InterruptedException _) {
      // The server has stopped.
    }
  }

  private void look(Connection connection, Wait wait) {
    long now = System.nanoTime();
    if (!connection.getEndPoint().isOpen()) {
      waits.remove(connection);
    } else if (wait.sinceNanos == Wait.NOT_YET) {
      if (connection.getBytesIn() > wait.bytesAtStart) {
        waits.replace(connection, wait, new Wait(wait.bytesAtStart, now));
      }
    } else if (now - wait.sinceNanos > nanosMax && waits.remove(connection, wait)) {
      connection.getEndPoint().close(new TimeoutException("the head took too long"));
    }
  }

  @Override
  public void close() {
    watch.interrupt();
  }
}
