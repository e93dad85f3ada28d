package dev.educe.cli.load;

import dev.educe.cli.load.Reply.Outcome;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Sends requests to one server, over connections that are kept. Thread-safe.
public final class LoadClient implements AutoCloseable {
  private static final JsonMapper MAPPER = JsonMapper.shared();
  private static final int OK = 200;

  private final Target target;
  private final ConcurrentLinkedDeque<Connection> idle = new ConcurrentLinkedDeque<>();
  private final Set<Connection> all = ConcurrentHashMap.newKeySet();
  private final String postHead;
  private volatile Refusal lastRefusal = new Refusal(0, "", "");
  private volatile boolean isClosed;

  /// What a server answered, and that in a few words.
  private record Refusal(int status, String body, String error) {}

  public LoadClient(Target target) {
    this.target = target;
    this.postHead = head("POST", target.endpoint().path()) + "Content-Type: application/json\r\n";
  }

  /// The names of the models that the server has.
  ///
  /// @throws IOException if it is not there or does not tell; the message says what to do
  public List<String> models() throws IOException {
    var names = new ArrayList<String>();
    JsonNode list;
    try {
      list = MAPPER.readTree(get("/v1/models"));
    } catch (JacksonException _) {
      throw new IOException(target.at("/v1/models") + " is not what OpenAI's API has there");
    }
    list.path("data").forEach(model -> names.add(model.path("id").asString("")));
    return names;
  }

  /// What is at an address of the server.
  ///
  /// @throws IOException if nothing is; the message says what to do
  public String get(String path) throws IOException {
    var body = new Text();
    int status;
    try {
      status = exchange(bytes(head("GET", path) + "\r\n"), _ -> body).status();
    } catch (IOException e) {
      throw new IOException(sentence(e), e);
    }
    if (status != OK) {
      throw new IOException(sentence(path, status, body.text()));
    }
    return body.text();
  }

  private String sentence(IOException failure) {
    return switch (failure) {
      case ConnectException _ ->
          "no server answers at %s; start one, as with 'educe serve MODEL'"
              .formatted(target.base());
      case SocketTimeoutException _ ->
          "nothing came for %,d s".formatted(target.timeout().toSeconds());
      default ->
          failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    };
  }

  private String sentence(String path, int status, String body) {
    return switch (status) {
      case 401 -> "the server asks for a key (401): give a good one with --key";
      case 403 -> "the server does not allow %s (403): %s".formatted(path, message(body));
      default -> "%s answered with %d: %s".formatted(target.at(path), status, message(body));
    };
  }

  /// The first lines of a request, but for those about its body.
  private String head(String method, String path) {
    var uri = target.at(path);
    var head = new StringBuilder();
    head.append(method).append(' ').append(uri.getRawPath()).append(" HTTP/1.1\r\n");
    head.append("Host: ").append(uri.getRawAuthority()).append("\r\n");
    target.key().ifPresent(key -> head.append("Authorization: Bearer ").append(key).append("\r\n"));
    return head.toString();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private interface Readers {
    Connection.Reader of(Connection.Head head);
  }

  /// Sends a request and has the answer read. A kept connection that turns out to be closed is
  /// replaced by a new one.
  private Connection.Head exchange(byte[] request, Readers readers) throws IOException {
    while (true) {
      var kept = idle.pollFirst();
      var connection = kept == null ? connect() : kept;
      Connection.Head head;
      try {
        head = connection.ask(request);
      } catch (EOFException | SocketException e) {
        discard(connection);
        if (kept == null || isClosed) {
          throw e;
        }
        continue;
      } catch (IOException | RuntimeException e) {
        discard(connection);
        throw e;
      }
      boolean isKept = false;
      try {
        connection.body(readers.of(head));
        isKept = connection.isKept();
      } finally {
        if (isKept) {
          idle.addFirst(connection);
        } else {
          discard(connection);
        }
      }
      return head;
    }
  }

  private Connection connect() throws IOException {
    int millis = (int) Math.min(Integer.MAX_VALUE, target.timeout().toMillis());
    var connection = Connection.to(target.base(), millis);
    all.add(connection);
    if (isClosed) {
      discard(connection);
    }
    return connection;
  }

  private void discard(Connection connection) {
    connection.close();
    all.remove(connection);
  }

  /// Sends a request that everything else rests on.
  ///
  /// @throws IOException if it is not answered to its end; the message says why
  public Reply probe(Object prompt) throws IOException {
    var reply = send(prepared(prompt), System.nanoTime());
    if (reply.outcome() != Outcome.DONE) {
      throw new IOException("the first request failed: " + reply.error());
    }
    return reply;
  }

  /// The bytes of a request, so that when it is due nothing is left to do but to send it.
  ///
  /// @param prompt as [Prompts#next] gives it
  byte[] prepared(Object prompt) {
    byte[] body = MAPPER.writeValueAsBytes(target.body(prompt));
    byte[] head = bytes(postHead + "Content-Length: " + body.length + "\r\n\r\n");
    byte[] request = Arrays.copyOf(head, head.length + body.length);
    System.arraycopy(body, 0, request, head.length, body.length);
    return request;
  }

  /// Sends a request and waits for the end of its answer.
  ///
  /// @param request that was prepared
  /// @param intended when it was to be sent
  Reply send(byte[] request, long intended) {
    var events = new EventReader(target.endpoint());
    var text = new Text();
    long sent = System.nanoTime();
    try {
      var head = exchange(request, answer -> answer.status() == OK ? events : text);
      return head.status() == OK
          ? answered(intended, sent, events)
          : turnedAway(intended, sent, head, text.text());
    } catch (IOException e) {
      return Reply.failed(intended, sent, sentence(e));
    }
  }

  private static Reply answered(long intended, long sent, EventReader read) {
    String error = read.error.isEmpty() && !read.isWhole ? "the stream broke off" : read.error;
    return new Reply(
        intended,
        sent,
        read.first,
        read.last,
        System.nanoTime(),
        read.gaps(),
        read.promptTokens,
        read.writtenTokens == 0 ? read.pieces() : read.writtenTokens,
        error.isEmpty() ? Outcome.DONE : Outcome.FAILED,
        error,
        false);
  }

  private Reply turnedAway(long intended, long sent, Connection.Head head, String body) {
    boolean isRefused = head.status() == 429 || head.status() == 503;
    return new Reply(
        intended,
        sent,
        0,
        0,
        System.nanoTime(),
        new long[0],
        0,
        0,
        isRefused ? Outcome.REFUSED : Outcome.FAILED,
        isRefused
            ? refusal(head.status(), body)
            : sentence(target.endpoint().path(), head.status(), body),
        head.saysWhen());
  }

  /// A server under a storm says the same again and again: it is taken apart once.
  private String refusal(int status, String body) {
    var last = lastRefusal;
    if (last.status() != status || !last.body().equals(body)) {
      String code = error(body).path("code").asString("without a code");
      last = new Refusal(status, body, status + " " + code);
      lastRefusal = last;
    }
    return last.error();
  }

  private static String message(String body) {
    return error(body).path("message").asString("it does not say why");
  }

  private static JsonNode error(String body) {
    try {
      return MAPPER.readTree(body).path("error");
    } catch (JacksonException _) {
      return MAPPER.missingNode();
    }
  }

  /// A body that is kept.
  private static final class Text implements Connection.Reader {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    @Override
    public void take(byte[] from, int offset, int end) {
      bytes.write(from, offset, end - offset);
    }

    String text() {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  /// Breaks off what is under way.
  @Override
  public void close() {
    isClosed = true;
    all.forEach(Connection::close);
  }
}
