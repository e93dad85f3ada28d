package dev.educe.cli;

import java.util.Map;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// Results as JSON, for programs: objects are maps in the order of their keys' insertion.
final class Json {
  private Json() {}

  /// An object over several lines.
  static String write(Map<String, ?> object) {
    return JsonMapper.builder()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .build()
        .writeValueAsString(object);
  }
}
