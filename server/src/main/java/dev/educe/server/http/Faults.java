package dev.educe.server.http;

import java.lang.System.Logger.Level;

/// Writes down what went wrong without what clients sent.
public final class Faults {
  private static final System.Logger LOG = System.getLogger(Faults.class.getName());

  private Faults() {}

  /// What a client is told of a fault, which is logged: at the top of the thread that handles its
  /// request. Messages may hold what the client sent; only kinds are logged.
  ///
  /// @throws ClientGoneException if the client has left, which then was the cause
  static ApiError error(Exchange exchange, Throwable fault) {
    if (exchange.endWatch()) {
      throw new ClientGoneException(fault);
    }
    LOG.log(Level.ERROR, () -> exchange.id() + " failed: " + trace(fault));
    return ApiError.of(
        500,
        ApiError.SERVER_ERROR,
        "engine_error",
        "The server had an error while processing your request. Its id is " + exchange.id() + ".");
  }

  /// The kinds of an exception and its causes, and where they came from. Their messages are left
  /// out: they may quote a request.
  public static String trace(Throwable fault) {
    var text = new StringBuilder();
    for (Throwable at = fault; at != null; at = at.getCause()) {
      text.append(at == fault ? "" : "\ncaused by ").append(at.getClass().getName());
      for (var frame : at.getStackTrace()) {
        text.append("\n  at ").append(frame);
      }
    }
    return text.toString();
  }
}
