package dev.educe.server.http;

import org.eclipse.jetty.io.QuietException;

/// The client has left, or takes nothing any more: there is nobody to answer.
public final class ClientGoneException extends RuntimeException implements QuietException {
  private static final long serialVersionUID = 1L;

  /// Nothing has failed yet, but its connection is closed.
  public ClientGoneException() {
    super("the client is gone", null, false, false);
  }

  ClientGoneException(Throwable cause) {
    super("the client is gone", cause, false, false);
  }
}
