package dev.educe.server.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;

/// A request that came over a connection.
final class ConnectionWire implements Wire {
  private final Request request;
  private final Response response;
  private final BodyReader bodyReader;
  private final Departure departure;

  ConnectionWire(Request request, Response response, BodyReader bodyReader) {
    this.request = request;
    this.response = response;
    this.bodyReader = bodyReader;
    this.departure = new Departure(request);
    // An idle connection is one that nobody waits on: a generation that takes long is not.
    request.addIdleTimeoutListener(_ -> false);
  }

  @Override
  public String method() {
    return request.getMethod();
  }

  @Override
  public String path() {
    return request.getHttpURI().getPath();
  }

  @Override
  public Optional<String> query() {
    return Optional.ofNullable(request.getHttpURI().getQuery());
  }

  @Override
  public List<String> headers(String name) {
    return request.getHeaders().getValuesList(name);
  }

  @Override
  public long startNanos() {
    return request.getHeadersNanoTime();
  }

  @Override
  public String source() {
    return Request.getRemoteAddr(request);
  }

  @Override
  public void body(String mediaType, int bytesMax, OutputStream out) throws IOException {
    bodyReader.read(request, mediaType, bytesMax, out);
  }

  @Override
  public void header(String name, String value) {
    response.getHeaders().put(name, value);
  }

  @Override
  public void status(int status) {
    response.setStatus(status);
  }

  @Override
  public int status() {
    return response.getStatus();
  }

  @Override
  public void write(boolean isLast, ByteBuffer bytes) throws IOException {
    Content.Sink.write(response, isLast, bytes);
  }

  @Override
  public boolean isGone() {
    return departure.isSeen();
  }
}
