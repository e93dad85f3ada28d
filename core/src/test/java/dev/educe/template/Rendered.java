package dev.educe.template;

import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// Renders in one line, at the time of the recorded outputs.
final class Rendered {
  static final LocalDateTime NOW = LocalDateTime.of(2026, 1, 15, 9, 30);

  private Rendered() {}

  static String text(String template, Map<String, ?> arguments) {
    return of(template, arguments).text();
  }

  static String text(String template) {
    return text(template, Map.of());
  }

  /// With arguments of which those named like tokens are the model's, and all others a user's.
  static Rendering of(String template, Map<String, ?> arguments) {
    return Template.parse(template).render(values(arguments), NOW);
  }

  static Map<String, Value> values(Map<String, ?> arguments) {
    var values = new LinkedHashMap<String, Value>();
    arguments.forEach((name, value) ->
        values.put(name, name.endsWith("_token") ? Value.trusted(value) : Value.content(value)));
    return values;
  }

  /// The parts that are content, each in brackets: `<s>[hello]</s>`.
  static String marked(Rendering rendering) {
    return rendering.spans().stream()
        .map(span -> {
          String part = rendering.text().substring(span.start(), span.end());
          String shown = span.isContent() ? "[" + part + "]" : part;
          return span.isGenerated() ? "«" + shown + "»" : shown;
        })
        .collect(Collectors.joining());
  }
}
