package dev.educe.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/// What brings a request and takes the answer away: a connection, or a caller in this process.
interface Wire {
  String method();

  /// As it came, with percent signs and without a query.
  String path();

  /// What stands behind the question mark.
  Optional<String> query();

  /// All values of a header of the request.
  List<String> headers(String name);

  /// Where the request came from: an address, without its port.
  String source();

  /// When the request's head was read, on the clock of `System.nanoTime`.
  long startNanos();

  /// Copies the body.
  ///
  /// @param mediaType that it must be of
  /// @throws ApiException if it is of another, too long, or comes too slowly
  void body(String mediaType, int bytesMax, OutputStream out) throws IOException;

  /// Sets a header of the answer.
  void header(String name, String value);

  void status(int status);

  int status();

  /// Writes, and waits until it was taken.
  void write(boolean isLast, ByteBuffer bytes) throws IOException;

  /// Whether nobody waits for the answer any more.
  boolean isGone();
}
