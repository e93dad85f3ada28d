package dev.educe;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// A model's wish to have a tool called.
///
/// @param id that results refer to; may be empty
/// @param name of the tool
/// @param arguments a JSON object
public record ToolCall(String id, String name, String arguments) {
  /// Reads the calls of a message; null is none.
  static List<ToolCall> list(Object calls) {
    if (calls == null) {
      return List.of();
    }
    if (!(calls instanceof List<?> list)) {
      throw new IllegalArgumentException("tool_calls must be a list");
    }
    var read = new ArrayList<ToolCall>();
    for (int i = 0; i < list.size(); i++) {
      read.add(of("tool_calls[" + i + "]", list.get(i)));
    }
    return read;
  }

  private static ToolCall of(String place, Object call) {
    if (!(call instanceof Map<?, ?> fields)
        || !(fields.get("function") instanceof Map<?, ?> function)
        || !(function.get("name") instanceof String name)) {
      throw new IllegalArgumentException(place + " must be an object with function.name");
    }
    String arguments =
        switch (function.get("arguments")) {
          case null -> "{}";
          case String json -> json.isBlank() ? "{}" : json;
          case Object value -> JsonMapper.shared().writeValueAsString(value);
        };
    var read = new ToolCall(fields.get("id") instanceof String id ? id : "", name, arguments);
    try {
      read.parsedArguments();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + ".function." + e.getMessage(), e);
    }
    return read;
  }

  /// The arguments by name.
  ///
  /// @throws IllegalArgumentException if they are not a JSON object
  public Map<String, Object> parsedArguments() {
    try {
      Map<String, Object> parsed =
          JsonMapper.shared().readValue(arguments, new TypeReference<>() {});
      if (parsed != null) {
        return parsed;
      }
    } catch (JacksonException _) {
      // Said below.
    }
    throw new IllegalArgumentException("arguments must be a JSON object");
  }

  Map<String, Object> fields() {
    return fields(arguments);
  }

  /// @param arguments as they shall look
  Map<String, Object> fields(Object arguments) {
    var function = new LinkedHashMap<String, Object>();
    function.put("name", name);
    function.put("arguments", arguments);
    var fields = new LinkedHashMap<String, Object>();
    fields.put("id", id);
    fields.put("type", "function");
    fields.put("function", function);
    return fields;
  }
}
