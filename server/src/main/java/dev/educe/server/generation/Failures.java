package dev.educe.server.generation;

import dev.educe.engine.RefusedException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.sampling.NumericalException;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.model.Refusal;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/// The table from why the engine could not go on to what its client is told.
public final class Failures {
  private Failures() {}

  public static ApiException of(Optional<RuntimeException> cause) {
    return switch (cause.orElse(null)) {
      case ApiException told -> told;
      case RefusedException refused -> Refusal.of(refused);
      case CancellationException _ -> tookTooLong();
      case NumericalException _ ->
          fault(
              "numerical_error",
              "The model's numbers are no longer finite; no answer can be given.");
      case UnsupportedModelException _ ->
          new ApiException(
              ApiError.invalid(
                  "model", "unsupported_model", "This model is not one that can do this."));
      case IllegalArgumentException _ ->
          new ApiException(
              ApiError.badRequest("invalid_value", "The request has a value that cannot be used."));
      case null, default -> fault("engine_error", "The server had an error while generating.");
    };
  }

  public static ApiException tookTooLong() {
    return Refusal.WAITED_TOO_LONG.error("The request took longer than it may.", 0);
  }

  private static ApiException fault(String code, String message) {
    return new ApiException(ApiError.of(500, ApiError.SERVER_ERROR, code, message));
  }
}
