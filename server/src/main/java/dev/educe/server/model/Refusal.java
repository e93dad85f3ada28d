package dev.educe.server.model;

import dev.educe.engine.RefusedException;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;

/// The table from what an engine does not take on to what its client is told.
public enum Refusal {
  /// The prompt leaves no room for an answer in the context; it never will.
  PROMPT_TOO_LONG(400, "context_length_exceeded"),
  /// Its keys and values would not fit the whole cache; they never will.
  CACHE_TOO_SMALL(400, "context_length_exceeded"),
  /// As many requests wait as may wait.
  QUEUE_FULL(503, "overloaded"),
  /// As many of this tenant's requests wait as may wait.
  TENANT_QUEUE_FULL(429, "rate_limit_exceeded"),
  /// It waited longer than it was worth.
  WAITED_TOO_LONG(503, "overloaded"),
  /// The model is being unloaded.
  CLOSED(503, "shutting_down"),
  /// The model is not there yet.
  LOADING(503, "model_loading");

  private static final long RETRY_MILLIS = 1_000;

  private final int status;
  private final String code;

  Refusal(int status, String code) {
    this.status = status;
    this.code = code;
  }

  /// The error for a client.
  ///
  /// @param message one sentence with the numbers
  /// @param retryMillis when to try again; 0 if that is not known
  public ApiException error(String message, long retryMillis) {
    var error = ApiError.of(status, type(), code, message);
    if (status == 400) {
      return new ApiException(error);
    }
    return new ApiException(error.withRetryMillis(retryMillis == 0 ? RETRY_MILLIS : retryMillis));
  }

  /// The error for a client whose request a model has not taken on.
  public static ApiException of(RefusedException refused) {
    String message = refused.getMessage();
    String sentence = Character.toUpperCase(message.charAt(0)) + message.substring(1) + ".";
    return valueOf(refused.kind().name()).error(sentence, refused.retryMillis().orElse(0L));
  }

  /// The error for a client, about a parameter; trying again is of no use.
  public ApiException error(String param, String message) {
    return new ApiException(ApiError.of(status, type(), code, message).withParam(param));
  }

  private String type() {
    return switch (status) {
      case 400 -> ApiError.INVALID_REQUEST;
      case 429 -> "rate_limit_error";
      default -> ApiError.SERVER_ERROR;
    };
  }
}
