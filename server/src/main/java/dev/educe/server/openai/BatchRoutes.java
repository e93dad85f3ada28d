package dev.educe.server.openai;

import dev.educe.server.batch.Batches;
import dev.educe.server.batch.Stored;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/// `/v1/batches`: files of requests that are answered when nobody else needs the machine.
final class BatchRoutes {
  private static final Pattern WINDOW = Pattern.compile("([1-9][0-9]{0,4})([smhd])");
  private static final Duration WINDOW_MAX = Duration.ofDays(30);
  private static final int UNDER_WAY_MAX = 100;

  private final Optional<Batches> batches;

  /// @param batches if they are on
  BatchRoutes(Optional<Batches> batches) {
    this.batches = batches;
  }

  List<Route> routes() {
    return List.of(
        Route.post("/v1/batches", Scope.INFERENCE, this::create),
        Route.get("/v1/batches", Scope.INFERENCE, this::list),
        Route.get("/v1/batches/{batch}", Scope.INFERENCE, this::get),
        new Route("POST", "/v1/batches/{batch}/cancel", Scope.INFERENCE, 0, this::cancel));
  }

  private Batches batches() {
    return FileRoutes.on(batches);
  }

  private void create(Exchange exchange) throws IOException {
    var fields = Fields.of(exchange.json());
    String tenant = exchange.caller().tenant();
    String endpoint = fields.requireText("endpoint");
    if (!batches().endpoints().contains(endpoint)) {
      throw fields.wrongWord("endpoint", endpoint, batches().endpoints());
    }
    String window = fields.requireText("completion_window");
    var length = length(window);
    var order = new Batches.Order(endpoint, window, length, metadata(fields), answersKept(fields));
    String id = fields.requireText("input_file_id");
    fields.refuseRest();
    var input =
        batches()
            .ledger()
            .find(tenant, "file", id)
            .filter(file -> file.text("purpose").equals("batch"))
            .orElseThrow(BatchRoutes::noInput);
    long underWay =
        batches().ledger().list(tenant, "batch").stream().filter(Stored::isUnderWay).count();
    if (underWay >= UNDER_WAY_MAX) {
      throw new ApiException(
          ApiError.of(
              429,
              "rate_limit_error",
              "too_many_batches",
              "%d batches are worked on; wait for one of them, or cancel it.".formatted(underWay)));
    }
    try {
      var batch = batches().create(input, exchange.caller().quota(), order);
      FileRoutes.answer(exchange, batch);
    } catch (NoSuchFileException _) {
      throw noInput();
    }
  }

  private static ApiException noInput() {
    return Fields.invalid(
        "input_file_id",
        "invalid_value",
        "Invalid 'input_file_id': there is no file with this id whose purpose is 'batch'.");
  }

  private static Duration length(String window) {
    var found = WINDOW.matcher(window);
    if (found.matches()) {
      long number = Long.parseLong(found.group(1));
      var length =
          switch (found.group(2)) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofDays(number);
          };
      if (length.compareTo(WINDOW_MAX) <= 0) {
        return length;
      }
    }
    throw Fields.invalid(
        "completion_window",
        "invalid_value",
        "Invalid 'completion_window': expected a time up to 30 days, as 24h, 30m or 2d.");
  }

  private static JsonNode metadata(Fields fields) {
    Ignored.checkMetadata(fields);
    return fields.value("metadata").orElse(NullNode.instance);
  }

  private static Optional<Duration> answersKept(Fields fields) {
    return fields
        .object("output_expires_after")
        .map(after -> {
          after.require("anchor");
          after.word("anchor", Set.of("created_at"));
          var seconds = after.require("seconds");
          after.refuseRest();
          return Duration.ofSeconds(
              Fields.integer(
                  seconds,
                  after.path("seconds"),
                  FileRoutes.KEPT_MIN.toSeconds(),
                  FileRoutes.KEPT_MAX.toSeconds()));
        });
  }

  private void list(Exchange exchange) {
    var all =
        batches().ledger().list(exchange.caller().tenant(), "batch").stream()
            .map(Stored::object)
            .toList();
    exchange.answer(Pages.USUAL.page(all, exchange));
  }

  private Stored find(Exchange exchange) {
    return FileRoutes.find(batches(), exchange.caller().tenant(), "batch", exchange.pathValue());
  }

  private void get(Exchange exchange) {
    FileRoutes.answer(exchange, find(exchange));
  }

  private void cancel(Exchange exchange) throws IOException {
    var cancelled = batches().cancel(find(exchange));
    if (cancelled.isEmpty()) {
      throw new ApiException(
          ApiError.badRequest(
              "invalid_value",
              "The batch is '%s' and cannot be cancelled."
                  .formatted(find(exchange).text("status"))));
    }
    FileRoutes.answer(exchange, cancelled.get());
  }
}
