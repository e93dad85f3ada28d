package dev.educe.server.generation;

import dev.educe.server.http.Fields;
import java.util.List;

/// Texts that end a generation, as requests have them.
public final class Stops {
  private static final int CHARS_MAX = 1_024;

  private Stops() {}

  /// @param name of the field: a text or a list of texts
  /// @param countMax how many there may be
  public static List<String> read(Fields fields, String name, int countMax) {
    List<String> stops = fields.texts(name, countMax);
    for (String stop : stops) {
      if (stop.isEmpty() || stop.length() > CHARS_MAX) {
        throw Fields.invalid(
            fields.path(name),
            stop.isEmpty() ? "string_below_min_length" : "string_above_max_length",
            "Invalid '%s': a stop text has 1 to %,d characters."
                .formatted(fields.path(name), CHARS_MAX));
      }
    }
    return stops;
  }
}
