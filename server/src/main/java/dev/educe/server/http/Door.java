package dev.educe.server.http;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/// Takes connections in. While the process may open no more, they wait where the operating system
/// keeps them, and those that are there are served.
final class Door extends ServerConnector {
  private static final System.Logger LOG = System.getLogger(Door.class.getName());
  private static final long PAUSE_MILLIS = 100;
  private static final long SILENT_NANOS = TimeUnit.MINUTES.toNanos(1);

  private long saidNanos = System.nanoTime() - SILENT_NANOS; // the one thread's that accepts

  Door(Server server, ConnectionFactory... factories) {
    super(server, 1, 1, factories);
  }

  @Override
  protected boolean handleAcceptFailure(Throwable failure) {
    // A channel that was closed has a kind of its own.
    if (failure.getClass() != IOException.class || !isRunning()) {
      return super.handleAcceptFailure(failure);
    }
    long now = System.nanoTime();
    if (now - saidNanos >= SILENT_NANOS) {
      saidNanos = now;
      LOG.log(
          Level.WARNING,
          "connections wait, for this process may have no more file descriptors ({0}); raise its"
              + " limit (ulimit -n), or lower limits.connections",
          failure.getMessage());
    }
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return isRunning();
  }
}
