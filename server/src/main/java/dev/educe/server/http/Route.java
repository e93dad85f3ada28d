package dev.educe.server.http;

/// One thing the server can be asked, and what it takes to ask.
///
/// @param method of HTTP
/// @param path segments, of which one in braces stands for any: `/v1/models/{model}`
/// @param scope what a key must allow
/// @param bodyBytesMax how long the body may be; 0 for none
/// @param handler answers it
public record Route(String method, String path, Scope scope, int bodyBytesMax, Handler handler) {
  /// Enough for any prompt: a context of a million tokens is some 5 MB of text.
  public static final int BODY_BYTES_MAX = 8 << 20;

  /// A route without a body.
  public static Route get(String path, Scope scope, Handler handler) {
    return new Route("GET", path, scope, 0, handler);
  }

  /// A route with a body of JSON.
  public static Route post(String path, Scope scope, Handler handler) {
    return new Route("POST", path, scope, BODY_BYTES_MAX, handler);
  }

  /// A route that takes something away, and has no body.
  public static Route delete(String path, Scope scope, Handler handler) {
    return new Route("DELETE", path, scope, 0, handler);
  }
}
