package dev.educe.server.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A request and the answer to it, as handlers see them. One thread at a time.
public final class Exchange {
  private static final String JSON = "application/json";

  // More events than this go out even if others are at hand: as much as a packet of TLS holds.
  private static final int GATHERED_BYTES_MAX = 1 << 14;
  private static final int FILE_PART_BYTES = 1 << 16;

  private final Wire wire;
  private final int priority;
  private final Dialect dialect;
  private final String id = Ids.ofRequest();
  private Optional<Route> route = Optional.empty();
  private List<String> pathValues = List.of();
  private Caller caller = Caller.ANONYMOUS;
  private String model = "";
  private String code = "";
  private final ByteArrayOutputStream gathered = new ByteArrayOutputStream();
  private Optional<Took> took = Optional.empty();
  private Optional<Watch> watch = Optional.empty();
  private boolean isAnswered;
  private long bytesSent;

  Exchange(Wire wire, int priority) {
    this.wire = wire;
    this.priority = priority;
    this.dialect = Dialect.of(wire.path(), !wire.headers("anthropic-version").isEmpty());
    header("x-request-id", id);
    if (dialect == Dialect.ANTHROPIC) {
      header("request-id", id);
    }
    header("x-content-type-options", "nosniff");
    header("cache-control", "no-store");
  }

  void matched(Router.Match match) {
    route = Optional.of(match.route());
    pathValues = match.values();
  }

  void calledBy(Caller caller) {
    this.caller = caller;
  }

  /// Whether it stands behind those of people, who wait.
  public boolean canWait() {
    return priority < 0;
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
    return wire.method();
  }

  /// The path as it came, with percent signs and without a query.
  public String path() {
    return wire.path();
  }

  /// The value of a parameter behind the question mark, if it came once.
  ///
  /// @throws ApiException if it cannot be read
  public Optional<String> query(String name) {
    var values = new ArrayList<String>();
    for (String pair : wire.query().map(query -> query.split("&")).orElse(new String[0])) {
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
    return wire.headers(name);
  }

  /// Where the request came from: an address, without its port.
  public String source() {
    return wire.source();
  }

  /// When the request's head was read, on the clock of `System.nanoTime`.
  public long startNanos() {
    return wire.startNanos();
  }

  /// The body: a JSON object.
  ///
  /// @throws ApiException if it is none, too long, or comes too slowly
  public JsonNode json() throws IOException {
    var body = new ByteArrayOutputStream();
    body(JSON, body);
    return Json.readObject(body.toByteArray());
  }

  /// Copies the body.
  ///
  /// @param mediaType that it must be of
  /// @throws ApiException if it is of another, too long, or comes too slowly
  public void body(String mediaType, OutputStream out) throws IOException {
    wire.body(mediaType, route.orElseThrow().bodyBytesMax(), out);
  }

  /// How urgent it is: requests of a higher priority go first, and those of people have 0.
  public int priority() {
    return priority;
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
    wire.header(name, value);
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
    wire.status(status);
    header("content-type", mediaType);
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    header("content-length", Integer.toString(bytes.length));
    write(true, ByteBuffer.wrap(bytes));
  }

  /// Answers with the bytes of a file, whatever they are.
  ///
  /// @throws IOException if it cannot be read
  /// @throws ClientGoneException if the client has left
  public void answer(FileChannel file) throws IOException {
    var in = Channels.newInputStream(file);
    isAnswered = true;
    wire.status(200);
    header("content-type", "application/octet-stream");
    header("content-length", Long.toString(file.size()));
    byte[] part = in.readNBytes(FILE_PART_BYTES);
    while (part.length > 0) {
      writeOut(false, ByteBuffer.wrap(part));
      part = in.readNBytes(FILE_PART_BYTES);
    }
    writeOut(true, ByteBuffer.allocate(0));
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
    wire.status(200);
    header("content-type", mediaType);
    header("x-accel-buffering", "no"); // proxies that collect would hold events back
  }

  /// Whether an answer was begun.
  public boolean isAnswered() {
    return isAnswered;
  }

  /// Whether the client has closed its connection. Costs a system call.
  public boolean isClientGone() {
    return endWatch() || wire.isGone();
  }

  /// From now until something is sent or [#isClientGone] is asked, a client that leaves has this
  /// thread interrupted, and whatever is thrown then ends the request.
  public void watchClient() {
    watch = Optional.of(new Watch(wire));
  }

  /// @return whether the client has left while it was watched
  boolean endWatch() {
    boolean hasLeft = watch.isPresent() && watch.get().end();
    watch = Optional.empty();
    return hasLeft;
  }

  /// The status of the answer.
  public int status() {
    return wire.status();
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
    endWatch();
    try {
      wire.write(isLast, bytes);
    } catch (IOException e) {
      throw new ClientGoneException(e);
    }
    bytesSent += count;
  }
}
