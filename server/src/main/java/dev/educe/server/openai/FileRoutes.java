package dev.educe.server.openai;

import dev.educe.server.batch.Batches;
import dev.educe.server.batch.Stored;
import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Exchange;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Json;
import dev.educe.server.http.Route;
import dev.educe.server.http.Scope;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// `/v1/files`: what batches read and write.
final class FileRoutes {
  private static final int FILE_BYTES_MAX = 200 << 20;
  private static final int FORM_BYTES_MAX = FILE_BYTES_MAX + (1 << 20);
  private static final Pages PAGES = new Pages(10_000, 10_000);
  private static final String ANCHOR = "expires_after[anchor]";
  private static final String SECONDS = "expires_after[seconds]";
  static final Duration KEPT_MIN = Duration.ofHours(1);
  static final Duration KEPT_MAX = Duration.ofDays(30);

  private final Optional<Batches> batches;

  /// @param batches if they are on
  FileRoutes(Optional<Batches> batches) {
    this.batches = batches;
  }

  List<Route> routes() {
    return List.of(
        new Route("POST", "/v1/files", Scope.INFERENCE, FORM_BYTES_MAX, this::upload),
        Route.get("/v1/files", Scope.INFERENCE, this::list),
        Route.get("/v1/files/{file}", Scope.INFERENCE, this::get),
        Route.get("/v1/files/{file}/content", Scope.INFERENCE, this::content),
        Route.delete("/v1/files/{file}", Scope.INFERENCE, this::delete));
  }

  private Batches batches() {
    return on(batches);
  }

  /// @throws ApiException that says how to turn them on, if they are off
  static Batches on(Optional<Batches> batches) {
    return batches.orElseThrow(() ->
        new ApiException(
            ApiError.badRequest(
                "batches_off",
                "This server keeps no files and batches; its setting 'batches' names the folder"
                    + " for them.")));
  }

  private void upload(Exchange exchange) throws IOException {
    var ledger = batches().ledger();
    var form = ledger.draft();
    var draft = ledger.draft();
    try {
      try (var out = new BufferedOutputStream(Files.newOutputStream(form))) {
        exchange.body("multipart/form-data", out);
      }
      var parts = FormParts.of(form, exchange.header("content-type").orElse(""));
      String purpose = parts.text("purpose");
      if (!purpose.equals("batch")) {
        throw Fields.invalid(
            "purpose", "invalid_value", "Invalid 'purpose': files are kept for 'batch' only.");
      }
      parts.refuseOthers(Set.of("purpose", "file", ANCHOR, SECONDS));
      var kept = kept(parts);
      var file = parts.require("file");
      if (file.length() > FILE_BYTES_MAX) {
        throw Fields.invalid(
            "file",
            "file_too_large",
            "Invalid 'file': it is longer than the %,d bytes allowed here."
                .formatted(FILE_BYTES_MAX));
      }
      parts.copy(file, draft);
      var stored =
          batches().upload(exchange.caller().tenant(), draft, file.fileName(), file.length(), kept);
      answer(exchange, stored);
    } finally {
      Files.deleteIfExists(form);
      Files.deleteIfExists(draft);
    }
  }

  /// How long a file is to be kept, if it says so.
  private static Optional<Duration> kept(FormParts parts) throws IOException {
    if (!parts.parts().containsKey(ANCHOR) && !parts.parts().containsKey(SECONDS)) {
      return Optional.empty();
    }
    if (!parts.text(ANCHOR).equals("created_at")) {
      throw Fields.invalid(
          ANCHOR, "invalid_value", "Invalid '%s': expected 'created_at'.".formatted(ANCHOR));
    }
    String seconds = parts.text(SECONDS);
    if (seconds.matches("[0-9]{4,7}")) {
      var kept = Duration.ofSeconds(Long.parseLong(seconds));
      if (kept.compareTo(KEPT_MIN) >= 0 && kept.compareTo(KEPT_MAX) <= 0) {
        return Optional.of(kept);
      }
    }
    throw Fields.invalid(
        SECONDS,
        "invalid_value",
        "Invalid '%s': expected %,d to %,d seconds."
            .formatted(SECONDS, KEPT_MIN.toSeconds(), KEPT_MAX.toSeconds()));
  }

  static void answer(Exchange exchange, Stored stored) {
    exchange.answer(200, "application/json", Json.write(stored.object()));
  }

  private void list(Exchange exchange) {
    var purpose = exchange.query("purpose");
    var files =
        batches().ledger().list(exchange.caller().tenant(), "file").stream()
            .filter(file -> purpose.isEmpty() || file.text("purpose").equals(purpose.get()))
            .map(Stored::object)
            .toList();
    exchange.answer(PAGES.page(files, exchange));
  }

  private Stored find(Exchange exchange) {
    return find(batches(), exchange.caller().tenant(), "file", exchange.pathValue());
  }

  /// @param kind `file` or `batch`
  static Stored find(Batches batches, String tenant, String kind, String id) {
    return batches
        .ledger()
        .find(tenant, kind, id)
        .orElseThrow(() ->
            new ApiException(
                ApiError.of(
                    404,
                    ApiError.INVALID_REQUEST,
                    "not_found",
                    "There is no %s with this id.".formatted(kind))));
  }

  private void get(Exchange exchange) {
    answer(exchange, find(exchange));
  }

  private void content(Exchange exchange) throws IOException {
    try (var file = batches().ledger().open(find(exchange).id())) {
      exchange.answer(file);
    }
  }

  private void delete(Exchange exchange) throws IOException {
    var file = find(exchange);
    if (!batches().ledger().deleteFile(file.id())) {
      throw new ApiException(
          ApiError.badRequest(
              "file_in_use", "A batch that is worked on reads this file; cancel that first."));
    }
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("id", file.id());
    body.put("object", "file");
    body.put("deleted", true);
    exchange.answer(body);
  }
}
