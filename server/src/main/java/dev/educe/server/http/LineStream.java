package dev.educe.server.http;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// An answer that is sent line by line, each a JSON object, as `application/x-ndjson`. It goes out
/// as an [EventStream] does. One thread at a time.
public final class LineStream {
  private final Exchange exchange;
  private boolean isBegun;

  LineStream(Exchange exchange) {
    this.exchange = exchange;
  }

  /// Sends an object.
  ///
  /// @param json without a line end
  /// @throws ClientGoneException if the client has left
  public void send(String json) {
    write(false, json + "\n");
  }

  /// Ends the stream.
  ///
  /// @throws ClientGoneException if the client has left
  public void end() {
    write(true, "");
  }

  /// Ends the stream with an error.
  ///
  /// @throws ApiException the same error, if nothing came before: it is an answer like any other
  /// @throws ClientGoneException if the client has left
  public void fail(ApiError error) {
    if (!isBegun) {
      throw new ApiException(error);
    }
    exchange.failedWith(error.code());
    write(true, exchange.dialect().body(error, exchange.id()) + "\n");
  }

  private void write(boolean isLast, String text) {
    if (!isBegun) {
      isBegun = true;
      exchange.begin("application/x-ndjson");
    }
    exchange.write(isLast, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
  }
}
