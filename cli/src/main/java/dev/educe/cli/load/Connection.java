package dev.educe.cli.load;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
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

  /// What is of interest of an answer's first lines.
  ///
  /// @param saysWhen whether it came with `Retry-After`
  record Head(int status, boolean saysWhen) {}

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
    String first = line();
    int status = status(first);
    if (status < 0) {
      throw new IOException("the server does not speak HTTP/1.1");
    }
    isChunked = false;
    left = UNTIL_CLOSED;
    isKept = true;
    boolean saysWhen = false;
    for (String line = line(); !line.isEmpty(); line = line()) {
      if (isHeader(line, "content-length")) {
        left = Long.parseLong(value(line));
      } else if (isHeader(line, "transfer-encoding")) {
        isChunked = value(line).equalsIgnoreCase("chunked");
      } else if (isHeader(line, "connection")) {
        isKept = !value(line).equalsIgnoreCase("close");
      } else {
        saysWhen |= isHeader(line, "retry-after");
      }
    }
    left = isChunked ? 0 : left;
    isOver = left == 0 && !isChunked;
    isKept &= left != UNTIL_CLOSED;
    return new Head(status, saysWhen);
  }

  /// The status of an answer's first line; less than 0 if it is no such line.
  private static int status(String line) {
    boolean isHttp = line.startsWith("HTTP/1.1 ") || line.startsWith("HTTP/1.0 ");
    if (!isHttp || line.length() < 12 || line.length() > 12 && line.charAt(12) != ' ') {
      return -1;
    }
    int status = 0;
    for (int i = 9; i < 12; i++) {
      int digit = line.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      status = 10 * status + digit;
    }
    return status < 100 ? -1 : status;
  }

  private static boolean isHeader(String line, String name) {
    return line.length() > name.length()
        && line.charAt(name.length()) == ':'
        && line.regionMatches(true, 0, name, 0, name.length());
  }

  private static String value(String line) {
    return line.substring(line.indexOf(':') + 1).strip();
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
        left = chunkBytes(line());
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

  /// A chunk's length, without what may stand behind it.
  private static long chunkBytes(String line) {
    int end = 0;
    while (end < line.length() && line.charAt(end) != ';' && line.charAt(end) != ' ') {
      end++;
    }
    return Long.parseLong(line, 0, end, 16);
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

  /// A line without its end. Most stand in the buffer as a whole.
  private String line() throws IOException {
    var line = "";
    while (true) {
      if (from == to && !fill()) {
        throw new EOFException("the connection ended before an answer");
      }
      int end = from;
      while (end < to && buffer[end] != '\n') {
        end++;
      }
      String part = new String(buffer, from, end - from, StandardCharsets.ISO_8859_1);
      line = line.isEmpty() ? part : line + part;
      boolean isWhole = end < to;
      from = isWhole ? end + 1 : end;
      if (isWhole) {
        return line.stripTrailing();
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
