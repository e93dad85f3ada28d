package dev.educe.server.http;

import java.util.LinkedHashMap;
import java.util.Map;

/// Whose API a request speaks, as its address says or Anthropic's own header: errors look as its
/// clients expect them, also where there is no route.
public enum Dialect {
  OPENAI,
  ANTHROPIC,
  OLLAMA;

  /// @param path null for the few requests that have none
  /// @param hasVersion whether there is a header `anthropic-version`
  static Dialect of(String path, boolean hasVersion) {
    if (path != null && path.startsWith("/api/")) {
      return OLLAMA;
    }
    boolean isOfMessages = path != null && path.startsWith("/v1/messages");
    return hasVersion || isOfMessages ? ANTHROPIC : OPENAI;
  }

  /// An error as JSON.
  ///
  /// @param id of the request
  public String body(ApiError error, String id) {
    return switch (this) {
      case OPENAI -> error.body();
      case ANTHROPIC -> {
        var inner = new LinkedHashMap<String, Object>();
        inner.put("type", anthropicType(error));
        inner.put("message", named(error));
        var body = new LinkedHashMap<String, Object>();
        body.put("type", "error");
        body.put("error", inner);
        body.put("request_id", id);
        yield Json.write(body);
      }
      case OLLAMA -> Json.write(Map.of("error", named(error)));
    };
  }

  /// The message; in front of it the parameter, which only OpenAI's errors have a place for.
  private static String named(ApiError error) {
    return error
        .param()
        .filter(param -> !error.message().contains(param))
        .map(param -> param + ": " + error.message())
        .orElse(error.message());
  }

  /// Source: Anthropic's API, "Errors".
  private static String anthropicType(ApiError error) {
    return switch (error.status()) {
      case 401 -> "authentication_error";
      case 403 -> "permission_error";
      case 404 -> "not_found_error";
      case 413 -> "request_too_large";
      case 429 -> "rate_limit_error";
      case 503 -> "overloaded_error";
      default -> error.status() < 500 ? "invalid_request_error" : "api_error";
    };
  }
}
