package dev.educe.server.http;

/// Writes down what went wrong without what clients sent.
public final class Faults {
  private Faults() {}

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
