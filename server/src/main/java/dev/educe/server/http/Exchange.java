package dev.educe.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import tools.jackson.databind.JsonNode;

/// A request and the answer to it, as handlers see them. One thread at a time.
public final class Exchange {
  private static final String JSON = "application/json";

  // More events than this go out even if others are at hand: as much as a packet of TLS holds.
  private static final int GATHERED_BYTES_MAX = 1 << 14;

  private final Request request;
  private final Response response;
  private final String id = "req_" + UUID.randomUUID().toString().replace("-", "");
  private final BodyReader bodyReader;
  private final Departure departure;
  private final Dialect dialect;
  private final long startNanos = System.nanoTime();
  private Optional<Route> route = Optional.empty();
  private List<String> pathValues = List.of();
  private Caller caller = Caller.ANONYMOUS;
  private String model = "";
  private String code = "";
  private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
  private Optional<Took> took = Optional.empty();
  private boolean isAnswered;
  private long bytesSent;

  Exchange(Request request, Response response, BodyReader bodyReader) {
    this.request = request;
    this.response = response;
    this.bodyReader = bodyReader;
    this.departure = new Departure(request);
    this.dialect = Dialect.of(request);
    header("x-request-id", id);
    if (dialect == Dialect.ANTHROPIC) {
      header("request-id", id);
    }
    header("x-content-type-options", "nosniff");
    header("cache-control", "no-store");
    // An idle connection is one that nobody waits on: a generation that takes long is not.
    request.addIdleTimeoutListener(_ -> false);
  }

  void matched(Router.Match match) {
    route = Optional.of(match.route());
    pathValues = match.values();
  }

  void calledBy(Caller caller) {
    this.caller = caller;
  }

  /// Names this request in logs and to its client.
  public String id() {
    return id;
  }

  /// Whose API it speaks.
  public Dialect dialect() {
    return dialect;
  }

  public String method() {
    return request.getMethod();
  }

  /// The path as it came, with percent signs and without a query.
  public String path() {
    return request.getHttpURI().getPath();
  }

  /// The value of a parameter behind the question mark, if it came once.
  ///
  /// @throws ApiException if it cannot be read
  public Optional<String> query(String name) {
    String query = request.getHttpURI().getQuery();
    if (query == null) {
      return Optional.empty();
    }
    var values = new ArrayList<String>();
    for (String pair : query.split("&")) {
      String[] parts = pair.split("=", 2);
      try {
        if (URLDecoder.decode(parts[0], StandardCharsets.UTF_8).equals(name)) {
          values.add(parts.length == 1 ? "" : URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
        }
      } catch (IllegalArgumentException _) {
        throw new ApiException(
            ApiError.badRequest("invalid_value", "What stands behind '?' cannot be read."));
      }
    }
    return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
  }

  /// The route, once one was found.
  public Optional<Route> route() {
    return route;
  }

  /// What stands for the first braces of the route's path.
  ///
  /// @throws IndexOutOfBoundsException if it has none
  public String pathValue() {
    return pathValues.getFirst();
  }

  /// Who asks.
  public Caller caller() {
    return caller;
  }

  /// A header of the request, if it came exactly once and is not empty.
  public Optional<String> header(String name) {
    List<String> values = headers(name);
    return values.size() == 1 && !values.getFirst().isBlank()
        ? Optional.of(values.getFirst().strip())
        : Optional.empty();
  }

  /// All values of a header of the request.
  public List<String> headers(String name) {
    return request.getHeaders().getFields(name).stream().map(HttpField::getValue).toList();
  }

  /// Where the request came from: an address, without its port.
  public String source() {
    return Request.getRemoteAddr(request);
  }

  /// When the request came, on the clock of `System.nanoTime`.
  public long startNanos() {
    return startNanos;
  }

  /// The body: a JSON object.
  ///
  /// @throws ApiException if it is none, too long, or comes too slowly
  public JsonNode json() throws IOException {
    return Json.readObject(bodyReader.read(request, route.orElseThrow().bodyBytesMax()));
  }

  /// Says which model the request turned out to be about, for the log and the figures: a name from
  /// the catalogue, never a client's own.
  public void concerns(String model) {
    this.model = model;
  }

  /// The model that the request is about, or empty.
  public String model() {
    return model;
  }

  /// Says what the answer took.
  public void took(Took took) {
    this.took = Optional.of(took);
  }

  /// What the answer took, if anything was generated.
  public Optional<Took> took() {
    return took;
  }

  /// The code of the error that was answered, or empty.
  public String code() {
    return code;
  }

  /// Sets a header of the answer.
  public void header(String name, String value) {
    response.getHeaders().put(name, value);
  }

  /// Answers with a value as JSON.
  ///
  /// @throws ClientGoneException if the client has left
  public void answer(Map<String, ?> value) {
    answer(200, JSON, Json.write(value));
  }

  /// Answers with a text.
  ///
  /// @throws ClientGoneException if the client has left
  public void answer(int status, String mediaType, String text) {
    isAnswered = true;
    response.setStatus(status);
    header("content-type", mediaType);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
    write(true, ByteBuffer.wrap(bytes));
  }

  /// Answers with an error.
  ///
  /// @throws ClientGoneException if the client has left
  void fail(ApiError error) {
    code = error.code();
    ErrorHeaders.of(error).forEach(this::header);
    answer(error.status(), JSON, dialect.body(error, id));
  }

  /// An answer of events, which begins with the first of them. Nothing but events follows.
  public EventStream events() {
    return new EventStream(this);
  }

  /// An answer of lines, which begins with the first of them. Nothing but lines follows.
  public LineStream lines() {
    return new LineStream(this);
  }

  void begin(String mediaType) {
    isAnswered = true;
    response.setStatus(200);
    header("content-type", mediaType);
    header("x-accel-buffering", "no"); // proxies that collect would hold events back
  }

  /// Whether an answer was begun.
  public boolean isAnswered() {
    return isAnswered;
  }

  /// Whether the client has closed its connection. Costs a system call.
  public boolean isClientGone() {
    return departure.isSeen();
  }

  /// The status of the answer.
  public int status() {
    return response.getStatus();
  }

  /// How many bytes of answer were sent, headers apart.
  public long bytesSent() {
    return bytesSent;
  }

  /// Notes that an error was sent within a stream.
  void failedWith(String code) {
    this.code = code;
  }

  /// Adds to the answer. What is not the last of it is gathered until [#flush] or there is much.
  ///
  /// @throws ClientGoneException if the client has left
  void write(boolean isLast, ByteBuffer bytes) {
    if (isLast && gathered.size() == 0) {
      writeOut(true, bytes);
      return;
    }
    gathered.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
    if (isLast || gathered.size() >= GATHERED_BYTES_MAX) {
      writeOut(isLast, takeGathered());
    }
  }

  /// Sends what was gathered, if anything was. To be called before waiting for what comes next:
  /// while there is more at hand, one write for all of it is cheaper than one for each.
  ///
  /// @throws ClientGoneException if the client has left
  public void flush() {
    if (gathered.size() > 0) {
      writeOut(false, takeGathered());
    }
  }

  private ByteBuffer takeGathered() {
    var bytes = ByteBuffer.wrap(gathered.toByteArray());
    gathered.reset();
    return bytes;
  }

  /// Writes, and waits until the connection has taken it.
  private void writeOut(boolean isLast, ByteBuffer bytes) {
    int count = bytes.remaining();
    try {
      Content.Sink.write(response, isLast, bytes);
    } catch (IOException e) {
      throw new ClientGoneException(e);
    }
    bytesSent += count;
  }
}
