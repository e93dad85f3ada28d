package dev.educe.grammar;

import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
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

  /// What the `type` of a schema names.
  ///
  /// @throws GrammarException if it is no type
  static Set<JsonKind> ofType(SchemaNode schema) {
    boolean isList = schema.json().get("type").isArray();
    var kinds = EnumSet.noneOf(JsonKind.class);
    for (String type : isList ? schema.texts("type") : List.of(schema.text("type").get())) {
      kinds.addAll(
          named(type)
              .orElseThrow(() -> schema.refusalAt("type", "there is no type \"" + type + "\"")));
    }
    return kinds;
  }

  /// A `type` that names this kind alone; for fractions one that only [SchemaRewriting] uses.
  String typeName() {
    return this == FRACTION ? SchemaRewriting.FRACTION : name().toLowerCase(Locale.ROOT);
  }

  /// What a `type` names; empty if it is none.
  private static Optional<Set<JsonKind>> named(String type) {
    return switch (type) {
      case "null" -> Optional.of(EnumSet.of(NULL));
      case "boolean" -> Optional.of(EnumSet.of(BOOLEAN));
      case "string" -> Optional.of(EnumSet.of(STRING));
      case "integer" -> Optional.of(EnumSet.of(INTEGER));
      case SchemaRewriting.FRACTION -> Optional.of(EnumSet.of(FRACTION));
      case "number" -> Optional.of(EnumSet.of(INTEGER, FRACTION));
      case "array" -> Optional.of(EnumSet.of(ARRAY));
      case "object" -> Optional.of(EnumSet.of(OBJECT));
      default -> Optional.empty();
    };
  }
}
