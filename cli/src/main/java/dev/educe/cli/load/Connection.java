package dev.educe.cli.load;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

/// A connection to a server of HTTP/1.1 that is read by the thread that waits for the answer.
///
/// The platform's client hands what comes from thread to thread; on a machine that is busy, perhaps
/// with the very server that is measured, each of them has to wait for its turn, and what is
/// measured is the client. One thread at a time.
///
/// Source: RFC 9112.
final class Connection implements AutoCloseable {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int BUFFER_BYTES = 1 << 14;
  private static final int LINE_BYTES_MAX = 1 << 16;
  private static final int UNTIL_CLOSED = -1;

  private final Socket socket;
  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private int from;
  private int to;

  private boolean isChunked;
  private long left; // bytes of this chunk, or of the body; or UNTIL_CLOSED
  private boolean isOver;
  private boolean isKept;

  /// An answer's first lines.
  ///
  /// @param headers by name in lower case; of several of one name, the last
  record Head(int status, Map<String, String> headers) {}

  /// What is done with a body's bytes as they come.
  @FunctionalInterface
  interface Reader {
    void take(byte[] bytes, int from, int to);
  }

  private Connection(Socket socket) throws IOException {
    this.socket = socket;
    this.in = socket.getInputStream();
  }

  /// Connects to the server of an address.
  ///
  /// @throws IOException if it cannot be reached
  static Connection to(URI base, int readMillis) throws IOException {
    boolean isSecure = base.getScheme().equals("https");
    int port = base.getPort() > 0 ? base.getPort() : isSecure ? 443 : 80;
    var plain = new Socket();
    try {
      plain.setTcpNoDelay(true);
      plain.setSoTimeout(readMillis);
      plain.connect(new InetSocketAddress(base.getHost(), port), CONNECT_MILLIS);
      return new Connection(isSecure ? secure(plain, base.getHost(), port) : plain);
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }

  private static Socket secure(Socket plain, String host, int port) throws IOException {
    var factory = (SSLSocketFactory) SSLSocketFactory.getDefault();
    var socket = (SSLSocket) factory.createSocket(plain, host, port, true);
    var parameters = socket.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS"); // or any good certificate would do
    socket.setSSLParameters(parameters);
    socket.startHandshake();
    return socket;
  }

  /// Sends a request as it is, and reads the answer's head. The last answer's body must have been
  /// read.
  ///
  /// @throws IOException if the connection ends, or what comes is not HTTP
  Head ask(byte[] request) throws IOException {
    socket.getOutputStream().write(request);
    String status = line();
    if (!status.matches("HTTP/1\\.[01] [1-9][0-9]{2}( .*)?")) {
      throw new IOException("the server does not speak HTTP/1.1");
    }
    var headers = new HashMap<String, String>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip());
      }
    }
    String length = headers.get("content-length");
    isChunked = "chunked".equalsIgnoreCase(headers.get("transfer-encoding"));
    left = isChunked ? 0 : length == null ? UNTIL_CLOSED : Long.parseLong(length);
    isOver = left == 0 && !isChunked;
    isKept = left != UNTIL_CLOSED && !"close".equalsIgnoreCase(headers.get("connection"));
    return new Head(Integer.parseInt(status.substring(9, 12)), headers);
  }

  /// Reads the body to its end.
  ///
  /// @throws IOException if the connection ends before it
  void body(Reader reader) throws IOException {
    boolean isFirst = true;
    while (!isOver) {
      if (isChunked && left == 0) {
        if (!isFirst) {
          line();
        }
        isFirst = false;
        left = Long.parseLong(line().replaceFirst("[; ].*", ""), 16);
        if (left == 0) {
          line();
          isOver = true;
        }
      } else if (from == to && !fill()) {
        if (left != UNTIL_CLOSED) {
          throw new EOFException("the connection ended within an answer");
        }
        isOver = true;
      } else {
        int count = left == UNTIL_CLOSED ? to - from : (int) Math.min(left, to - from);
        reader.take(buffer, from, from + count);
        from += count;
        left -= left == UNTIL_CLOSED ? 0 : count;
        isOver = left == 0 && !isChunked;
      }
    }
  }

  /// Whether another request may be sent, once the body was read.
  boolean isKept() {
    return isKept;
  }

  private boolean fill() throws IOException {
    from = 0;
    to = Math.max(0, in.read(buffer));
    return to > 0;
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    while (true) {
      if (from == to && !fill()) {
        throw new EOFException("the connection ended before an answer");
      }
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      line.append(new String(buffer, from, end - from, StandardCharsets.ISO_8859_1));
      boolean isWhole = end < to;
      from = isWhole ? end + 1 : end;
      if (isWhole) {
        return line.toString().stripTrailing();
      }
      if (line.length() > LINE_BYTES_MAX) {
        throw new IOException("the server sends a line without end");
      }
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException _) {
      // There is nothing left to lose.
    }
  }
}
