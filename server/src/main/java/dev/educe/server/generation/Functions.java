package dev.educe.server.generation;

import dev.educe.Tool;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Fields;
import java.util.HashSet;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// The tools of one request, as clients describe them: a name, a description and a schema.
public final class Functions {
  private static final String NO_PARAMETERS = "{\"type\":\"object\",\"properties\":{}}";

  private final Set<String> names = new HashSet<>();

  /// @param function its fields; none but those of a tool may be left
  /// @param schema the field that has the schema of its arguments
  public Tool read(Fields function, String schema) {
    String name = function.requireText("name");
    String description = function.text("description").orElse("");
    function.object(schema); // it must be one
    String parameters =
        function
            .value(schema)
            .filter(node -> !node.isEmpty())
            .map(JsonNode::toString)
            .orElse(NO_PARAMETERS);
    boolean isStrict = function.flag("strict").orElse(false);
    function.refuseRest();
    if (!names.add(name)) {
      throw wrongName(function, "two tools have this name");
    }
    try {
      return Tool.of(name, description, parameters).withStrict(isStrict);
    } catch (IllegalArgumentException _) {
      throw wrongName(function, "a name has up to 128 letters, digits, '_', '-' and '.'");
    }
  }

  private static ApiException wrongName(Fields function, String reason) {
    return Fields.invalid(
        function.path("name"),
        "invalid_value",
        "Invalid '%s': %s.".formatted(function.path("name"), reason));
  }
}
