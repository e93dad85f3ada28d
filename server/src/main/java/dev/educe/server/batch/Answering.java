package dev.educe.server.batch;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.Caller;
import dev.educe.server.http.ClientGoneException;
import dev.educe.server.http.Ids;
import dev.educe.server.http.InnerCall;
import dev.educe.server.http.InnerCall.Answer;
import dev.educe.server.http.Json;
import dev.educe.server.http.Route;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Answers lines of batches: by the handlers that answer over HTTP, behind everybody who waits.
/// Thread-safe.
final class Answering {
  /// What every line of answers begins with.
  static final String LINE_BEGIN = "{\"id\":\"batch_req_";

  // Below that of people, who have 0.
  private static final int PRIORITY = -1;

  private static final long RETRY_MILLIS_MAX = 10_000;
  private static final long LOOK_MILLIS = 50;

  private final Map<String, Route> routes;

  /// An answer, as a line of the file that it goes to.
  ///
  /// @param customId of the line that was answered
  /// @param isGood whether the request was served
  record Line(String customId, boolean isGood, String json) {
    /// A line that was written before.
    static Line of(byte[] bytes) {
      JsonNode node = JsonMapper.shared().readTree(bytes);
      return new Line(
          node.path("custom_id").asString(""),
          node.at("/response/status_code").asInt(0) == 200,
          new String(bytes, StandardCharsets.UTF_8));
    }
  }

  /// @param routes that may be asked
  Answering(List<Route> routes) {
    this.routes = routes.stream().collect(Collectors.toMap(Route::path, Function.identity()));
  }

  Set<String> urls() {
    return routes.keySet();
  }

  /// Asks for a line's answer, as often as it takes until the server is not too busy for it and the
  /// caller's quota has room.
  ///
  /// @return empty if it was given up
  Optional<Line> answer(BatchLine line, Caller caller, BooleanSupplier isGivenUp) {
    if (line.body().path("stream").asBoolean(false)) {
      var error =
          ApiError.invalid(
              "stream", "unsupported_parameter", "Answers of batches cannot be streamed.");
      return Optional.of(
          said(line, new Answer(error.status(), "", error.body(), Optional.empty())));
    }
    byte[] body = Json.write(line.body()).getBytes(StandardCharsets.UTF_8);
    var call = new InnerCall(caller, body, PRIORITY, isGivenUp);
    try {
      while (!isGivenUp.getAsBoolean()) {
        var answer = call.to(routes.get(line.url()));
        if (answer.retryMillis().isEmpty()) {
          return Optional.of(said(line, answer));
        }
        pause(Math.min(answer.retryMillis().get(), RETRY_MILLIS_MAX), isGivenUp);
      }
    } catch (ClientGoneException _) {
      // Given up.
    }
    return Optional.empty();
  }

  private static void pause(long millis, BooleanSupplier isGivenUp) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() - deadline < 0 && !isGivenUp.getAsBoolean()) {
      LockSupport.parkNanos(LOOK_MILLIS * 1_000_000);
    }
  }

  private static Line said(BatchLine line, Answer answer) {
    var response = new LinkedHashMap<String, Object>();
    response.put("status_code", answer.status());
    response.put("request_id", answer.requestId());
    response.put("body", JsonMapper.shared().readTree(answer.body()));
    return new Line(line.customId(), answer.status() == 200, json(line.customId(), response, null));
  }

  /// The line of a request that never got an answer.
  static String unanswered(String customId, String code, String message) {
    var error = new LinkedHashMap<String, Object>();
    error.put("code", code);
    error.put("message", message);
    return json(customId, null, error);
  }

  private static String json(
      String customId, Map<String, Object> response, Map<String, Object> error) {
    var line = new LinkedHashMap<String, Object>();
    line.put("id", Ids.of("batch_req_"));
    line.put("custom_id", customId);
    line.put("response", response);
    line.put("error", error);
    return Json.write(line);
  }
}
