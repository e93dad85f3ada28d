package dev.educe.server.http;

/// Ends the handling of a request with an error for its client.
public final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient ApiError error;

  public ApiException(ApiError error) {
    // Thrown for bad input, at any rate a client likes: a stack trace would cost more than the
    // rest.
    super(error.message(), null, false, false);
    this.error = error;
  }

  /// What the client is told.
  public ApiError error() {
    return error;
  }
}
