package dev.educe.grammar;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/// What a JSON value is; numbers that are whole and those that are not are told apart.
enum JsonKind {
  NULL,
  BOOLEAN,
  STRING,
  INTEGER,
  FRACTION,
  ARRAY,
  OBJECT;

  static JsonKind of(JsonNode value) {
    return switch (value.getNodeType()) {
      case NULL -> NULL;
      case BOOLEAN -> BOOLEAN;
      case STRING -> STRING;
      case ARRAY -> ARRAY;
      case NUMBER -> value.decimalValue().stripTrailingZeros().scale() <= 0 ? INTEGER : FRACTION;
      default -> OBJECT;
    };
  }

  /// What a `type` names; empty if it is none.
  static Optional<Set<JsonKind>> named(String type) {
    return switch (type) {
      case "null" -> Optional.of(EnumSet.of(NULL));
      case "boolean" -> Optional.of(EnumSet.of(BOOLEAN));
      case "string" -> Optional.of(EnumSet.of(STRING));
      case "integer" -> Optional.of(EnumSet.of(INTEGER));
      case "number" -> Optional.of(EnumSet.of(INTEGER, FRACTION));
      case "array" -> Optional.of(EnumSet.of(ARRAY));
      case "object" -> Optional.of(EnumSet.of(OBJECT));
      default -> Optional.empty();
    };
  }
}
