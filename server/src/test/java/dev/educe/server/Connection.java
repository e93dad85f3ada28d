package dev.educe.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One connection for one request after the other, for tests that send millions: it costs a tenth
/// of the JDK's client. One thread at a time.
final class Connection implements AutoCloseable {
  private final Served served;
  private Socket socket;
  private InputStream in;

  Connection(Served served) throws IOException {
    this.served = served;
    open();
  }

  record Answer(int status, String body) {}

  private void open() throws IOException {
    socket = served.socket();
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(600_000); // a campaign may be stopped meanwhile, for others to measure
    in = new BufferedInputStream(socket.getInputStream());
  }

  /// Sends a request and waits for all of the answer.
  ///
  /// @param path as it is, whatever it is
  /// @param headers each a line
  Answer send(String method, String path, String mediaType, byte[] body, String... headers)
      throws IOException {
    socket.getOutputStream().write(request(method, path, mediaType, body, headers));
    return read(method.equals("HEAD"));
  }

  /// Sends requests that have no `HEAD` among them ahead of their answers, and waits for all.
  List<Answer> send(List<byte[]> requests) throws IOException {
    var answers = new ArrayList<Answer>();
    while (answers.size() < requests.size()) {
      var bytes = new ByteArrayOutputStream();
      requests.subList(answers.size(), requests.size()).forEach(bytes::writeBytes);
      socket.getOutputStream().write(bytes.toByteArray());
      var before = socket;
      while (socket == before && answers.size() < requests.size()) {
        answers.add(read(false));
      }
    }
    return answers;
  }

  static byte[] request(
      String method, String path, String mediaType, byte[] body, String... headers) {
    var head = new StringBuilder();
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: localhost\r\n");
    head.append("Content-Type: ").append(mediaType).append("\r\n");
    head.append("Content-Length: ").append(body.length).append("\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    var bytes = new ByteArrayOutputStream(head.length() + body.length);
    bytes.writeBytes(head.append("\r\n").toString().getBytes(StandardCharsets.UTF_8));
    bytes.writeBytes(body);
    return bytes.toByteArray();
  }

  private Answer read(boolean isHead) throws IOException {
    int status = Integer.parseInt(line().split(" ")[1]);
    int length = 0;
    boolean isChunked = false;
    boolean closes = false;
    for (String line = line(); !line.isEmpty(); line = line()) {
      String header = line.toLowerCase(Locale.ROOT);
      if (header.startsWith("content-length:")) {
        length = Integer.parseInt(header.substring("content-length:".length()).strip());
      }
      isChunked |= header.equals("transfer-encoding: chunked");
      closes |= header.equals("connection: close");
    }
    byte[] body = isHead ? new byte[0] : isChunked ? chunks() : in.readNBytes(length);
    if (closes) {
      socket.close();
      open();
    }
    return new Answer(status, new String(body, StandardCharsets.UTF_8));
  }

  private byte[] chunks() throws IOException {
    var body = new ByteArrayOutputStream();
    int length;
    do {
      length = Integer.parseInt(line(), 16);
      body.write(in.readNBytes(length));
      line();
    } while (length > 0);
    return body.toByteArray();
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the server closed the connection after '%s'".formatted(line));
      }
      if (c != '\r') {
        line.append((char) c);
      }
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
