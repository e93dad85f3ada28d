package dev.educe.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// An answer that is sent event by event, as `text/event-stream`.
///
/// Events are gathered until [Exchange#flush], which goes before every wait for more of them, and
/// then wait until the connection has taken them: a client that reads slowly holds up its own
/// thread, and through it its own generation only. One thread at a time.
///
/// Source: WHATWG HTML, section 9.2 "Server-sent events".
public final class EventStream {
  private static final byte[] PING = ": ping\n\n".getBytes(StandardCharsets.UTF_8);

  private final Exchange exchange;
  private boolean isBegun;

  EventStream(Exchange exchange) {
    this.exchange = exchange;
  }

  /// Sends an event without a name.
  ///
  /// @throws ClientGoneException if the client has left
  public void send(String data) {
    write(false, frame("", data));
  }

  /// Sends an event with a name.
  ///
  /// @throws ClientGoneException if the client has left
  public void send(String name, String data) {
    write(false, frame(name, data));
  }

  /// Sends a comment, which clients skip: proxies see that the connection lives, and this server
  /// whether the client does.
  ///
  /// @throws ClientGoneException if the client has left
  public void ping() {
    write(false, PING);
  }

  /// Ends the stream after `[DONE]`, which OpenAI's clients wait for.
  ///
  /// @throws ClientGoneException if the client has left
  public void done() {
    write(true, frame("", "[DONE]"));
  }

  /// Ends the stream.
  ///
  /// @throws ClientGoneException if the client has left
  public void end() {
    write(true, new byte[0]);
  }

  /// Ends the stream with an error, and without `[DONE]`: what came before is not whole.
  ///
  /// @throws ApiException the same error, if nothing came before: it is an answer like any other
  /// @throws ClientGoneException if the client has left
  public void fail(ApiError error) {
    fail("", error, error.body());
  }

  /// The same for an API that has events of its own for errors.
  ///
  /// @param name of the event
  /// @param data of the event
  /// @throws ApiException the same error, if nothing came before
  /// @throws ClientGoneException if the client has left
  public void fail(String name, ApiError error, String data) {
    if (!isBegun) {
      throw new ApiException(error);
    }
    exchange.failedWith(error.code());
    write(true, frame(name, data));
  }

  private void write(boolean isLast, byte[] bytes) {
    if (!isBegun) {
      isBegun = true;
      exchange.begin("text/event-stream; charset=utf-8");
    }
    exchange.write(isLast, ByteBuffer.wrap(bytes));
  }

  /// The bytes of an event. Every line end begins a new line of data, so that nothing within the
  /// data can end the event or begin another.
  static byte[] frame(String name, String data) {
    var text = new StringBuilder(data.length() + 16);
    if (!name.isEmpty()) {
      text.append("event: ").append(name).append('\n');
    }
    text.append("data: ");
    if (data.indexOf('\n') < 0 && data.indexOf('\r') < 0) {
      return text.append(data).append("\n\n").toString().getBytes(StandardCharsets.UTF_8);
    }
    for (int i = 0; i < data.length(); i++) {
      char c = data.charAt(i);
      if (c == '\r' || c == '\n') {
        text.append("\ndata: ");
        if (c == '\r' && i + 1 < data.length() && data.charAt(i + 1) == '\n') {
          i++;
        }
      } else {
        text.append(c);
      }
    }
    return text.append("\n\n").toString().getBytes(StandardCharsets.UTF_8);
  }
}
