package dev.educe.server;

import dev.educe.server.http.Exchange;
import dev.educe.server.http.Route;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Locale;
import java.util.function.Consumer;

/// Writes a line for each request: who asked for what and what became of it, and nothing of what
/// either side said.
///
/// A line has the time, the source, the id of the key or `-`, the method, the route's pattern, the
/// status, the error's code or `-`, the model or `-`, bytes sent, milliseconds and the request's
/// id.
final class AccessLog implements AutoCloseable {
  private final Consumer<String> out;
  private final Runnable close;

  private AccessLog(Consumer<String> out, Runnable close) {
    this.out = out;
    this.close = close;
  }

  /// Hands each line over; one at a time.
  static AccessLog to(Consumer<String> out) {
    return new AccessLog(out, () -> {});
  }

  /// Appends to a file, which only its owner can read.
  ///
  /// @throws IOException if it cannot be written
  static AccessLog to(Path file) throws IOException {
    if (Files.notExists(file)) {
      Files.createFile(file);
      if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      }
    }
    var stream = Files.newOutputStream(file, StandardOpenOption.APPEND);
    var lines = new PrintStream(stream, true, StandardCharsets.UTF_8);
    return new AccessLog(lines::println, lines::close);
  }

  void over(Exchange exchange) {
    String line =
        String.format(
            Locale.ROOT,
            "%s %s %s %s %s %d %s %s %d %.1f %s",
            Instant.now(),
            exchange.source(),
            orDash(exchange.caller().keyId()),
            exchange.route().map(Route::method).orElse("-"),
            exchange.route().map(Route::path).orElse("-"),
            exchange.status(),
            orDash(exchange.code()),
            orDash(exchange.model()),
            exchange.bytesSent(),
            (System.nanoTime() - exchange.startNanos()) / 1e6,
            exchange.id());
    synchronized (this) {
      out.accept(line);
    }
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }

  @Override
  public void close() {
    close.run();
  }
}
