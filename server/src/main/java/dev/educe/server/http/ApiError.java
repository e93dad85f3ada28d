package dev.educe.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// What a client is told of a request that was not served; [Dialect] has the shapes of other APIs.
///
/// @param status of HTTP
/// @param type the family of errors that clients switch on
/// @param code what exactly it was; a short name from a fixed list, so that refusals can be counted
/// @param param the parameter that is at fault, as `messages[0].role`
/// @param message one sentence for people; it names no class, path or other tenant
/// @param retryMillis after how long another try may succeed, if one ever will
public record ApiError(
    int status,
    String type,
    String code,
    Optional<String> param,
    String message,
    Optional<Long> retryMillis) {
  /// The type of errors that are the client's to mend.
  public static final String INVALID_REQUEST = "invalid_request_error";

  /// The type of errors that are this server's.
  public static final String SERVER_ERROR = "server_error";

  private static final int BAD_REQUEST = 400;
  private static final int NOT_FOUND = 404;

  /// An error of no parameter, which trying again does not mend.
  public static ApiError of(int status, String type, String code, String message) {
    return new ApiError(status, type, code, Optional.empty(), message, Optional.empty());
  }

  /// A request that cannot be understood or served as it is.
  public static ApiError badRequest(String code, String message) {
    return of(BAD_REQUEST, INVALID_REQUEST, code, message);
  }

  /// A parameter that is missing, wrong or out of range.
  public static ApiError invalid(String param, String code, String message) {
    return badRequest(code, message).withParam(param);
  }

  /// A model that is not there, or that this caller may not know of.
  public static ApiError modelNotFound(String model) {
    return of(
            NOT_FOUND,
            INVALID_REQUEST,
            "model_not_found",
            "The model '" + model + "' does not exist or you do not have access to it.")
        .withParam("model");
  }

  public ApiError withParam(String param) {
    return new ApiError(status, type, code, Optional.of(param), message, retryMillis);
  }

  public ApiError withRetryMillis(long retryMillis) {
    return new ApiError(status, type, code, param, message, Optional.of(retryMillis));
  }

  /// The body as OpenAI has it: `{"error": {"message": …, "type": …, "param": …, "code": …}}`.
  public String body() {
    var error = new LinkedHashMap<String, Object>();
    error.put("message", message);
    error.put("type", type);
    error.put("param", param.orElse(null));
    error.put("code", code);
    return Json.write(Map.of("error", error));
  }
}
