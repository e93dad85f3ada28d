package dev.educe.server.batch;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import dev.educe.server.http.Json;
import dev.educe.server.http.Route;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// A request in a file of them: a line of JSON.
///
/// @param customId names it among the lines of its file
/// @param url the route that is to answer it
/// @param body for the route
public record BatchLine(String customId, String url, JsonNode body) {
  private static final int ID_CHARS_MAX = 512;
  private static final int LINE_BYTES_MAX = Route.BODY_BYTES_MAX + (1 << 16);

  /// @param urls that may be asked for
  /// @throws ApiException if it is not such a line
  static BatchLine of(byte[] bytes, Set<String> urls) {
    if (bytes.length > LINE_BYTES_MAX) {
      throw new ApiException(
          ApiError.badRequest(
              "invalid_json_line",
              "The line is longer than the %,d bytes allowed here.".formatted(LINE_BYTES_MAX)));
    }
    var fields = Fields.of(Json.readObject(bytes));
    String id = fields.requireText("custom_id");
    if (id.isEmpty() || id.length() > ID_CHARS_MAX) {
      throw Fields.invalid(
          "custom_id",
          "invalid_value",
          "Invalid 'custom_id': it has 1 to %d characters.".formatted(ID_CHARS_MAX));
    }
    String method = fields.requireText("method");
    if (!method.equals("POST")) {
      throw fields.wrongWord("method", method, Set.of("POST"));
    }
    String url = fields.requireText("url");
    if (!urls.contains(url)) {
      throw fields.wrongWord("url", url, urls);
    }
    JsonNode body = fields.require("body");
    if (!body.isObject()) {
      throw Fields.wrongType("body", "an object", body);
    }
    fields.refuseRest();
    return new BatchLine(id, url, body);
  }

  /// Takes the lines of a file.
  @FunctionalInterface
  interface Reader {
    /// @param number from 1
    /// @return whether to go on
    boolean line(int number, byte[] bytes) throws IOException;
  }

  /// Reads the lines of a file that are not blank. Of those that are too long for a request only so
  /// much is handed over that this can be seen.
  static void each(Path file, Reader reader) throws IOException {
    each(file, Files.size(file), reader);
  }

  /// The same for the first bytes of a file.
  static void each(Path file, long size, Reader reader) throws IOException {
    try (var in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      var line = new ByteArrayOutputStream();
      int number = 1;
      for (long at = 0; at <= size; at++) {
        int c = at == size ? '\n' : in.read();
        if (c != '\n') {
          if (line.size() <= LINE_BYTES_MAX) {
            line.write(c);
          }
          continue;
        }
        byte[] bytes = line.toByteArray();
        line.reset();
        if (!isBlank(bytes) && !reader.line(number, bytes)) {
          return;
        }
        number++;
      }
    }
  }

  private static boolean isBlank(byte[] bytes) {
    for (byte c : bytes) {
      if (c != ' ' && c != '\t' && c != '\r') {
        return false;
      }
    }
    return true;
  }
}
