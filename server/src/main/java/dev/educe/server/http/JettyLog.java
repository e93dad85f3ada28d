package dev.educe.server.http;

import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;

/// Keeps what clients say out of what Jetty logs.
final class JettyLog {
  // All are held here: a logger that nobody holds forgets its level.
  private static final Logger ALL = Logger.getLogger("org.eclipse.jetty");
  private static final List<Logger> QUOTING =
      Stream.of("org.eclipse.jetty.http", "org.eclipse.jetty.util.HostPort")
          .map(Logger::getLogger)
          .toList();

  private JettyLog() {}

  static void hold() {
    // Below this level it writes out what it reads and sends: keys, prompts and answers.
    if (ALL.isLoggable(Level.CONFIG)) {
      ALL.setLevel(Level.INFO);
    }
    // These quote what they do not understand as a warning; the client is told, too.
    QUOTING.forEach(logger -> logger.setLevel(Level.OFF));
  }
}
