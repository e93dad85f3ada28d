package dev.educe.server.http;

import java.io.IOException;

/// Answers a request, on a virtual thread of its own; it may block.
@FunctionalInterface
public interface Handler {
  /// @throws ApiException for an error the client is told of
  /// @throws ClientGoneException if there is nobody to answer
  /// @throws IOException if something else cannot be read or written
  void handle(Exchange exchange) throws IOException;
}
