package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/// A schema within a document, and where it stands.
///
/// @param pointer a URI fragment, as `#/properties/name`
/// @param json an object or a boolean
record SchemaNode(String pointer, JsonNode json) {
  // Exponents and digits beyond any number that is meant.
  private static final int DIGITS_MAX = 400;

  /// @throws GrammarException if it is neither an object nor a boolean
  SchemaNode {
    if (!json.isObject() && !json.isBoolean()) {
      throw refusal(pointer, "a schema must be an object or a boolean");
    }
  }

  /// An exception that names a place.
  static GrammarException refusal(String pointer, String problem) {
    return new GrammarException("schema at %s: %s".formatted(pointer, problem));
  }

  GrammarException refusal(String problem) {
    return refusal(pointer, problem);
  }

  /// About the value of a keyword.
  GrammarException refusalAt(String keyword, String problem) {
    return refusal(child(pointer, keyword), problem);
  }

  static String child(String pointer, String name) {
    return pointer + "/" + name.replace("~", "~0").replace("/", "~1");
  }

  boolean has(String keyword) {
    return json.has(keyword);
  }

  /// The schema that is a keyword's value.
  Optional<SchemaNode> schema(String keyword) {
    JsonNode value = json.get(keyword);
    return Optional.ofNullable(value).map(v -> new SchemaNode(child(pointer, keyword), v));
  }

  /// The schema of a name within a keyword's object.
  Optional<SchemaNode> schema(String keyword, String name) {
    JsonNode value = json.path(keyword).get(name);
    String place = child(child(pointer, keyword), name);
    return Optional.ofNullable(value).map(v -> new SchemaNode(place, v));
  }

  /// The schemas of a keyword's array; empty if it is not there.
  List<SchemaNode> schemas(String keyword) {
    var schemas = new ArrayList<SchemaNode>();
    String place = child(pointer, keyword);
    for (JsonNode value : array(keyword)) {
      schemas.add(new SchemaNode(place + "/" + schemas.size(), value));
    }
    return schemas;
  }

  /// The values of a keyword's array; empty if it is not there.
  List<JsonNode> array(String keyword) {
    JsonNode value = json.get(keyword);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw refusalAt(keyword, "must be an array");
    }
    return List.copyOf(value.asArray().elements());
  }

  /// The schemas of a keyword's object, in their order; empty if it is not there.
  List<Map.Entry<String, SchemaNode>> named(String keyword) {
    JsonNode value = json.get(keyword);
    if (value == null) {
      return List.of();
    }
    if (!value.isObject()) {
      throw refusalAt(keyword, "must be an object");
    }
    var named = new ArrayList<Map.Entry<String, SchemaNode>>();
    String place = child(pointer, keyword);
    for (Map.Entry<String, JsonNode> entry : value.properties()) {
      String name = entry.getKey();
      named.add(Map.entry(name, new SchemaNode(child(place, name), entry.getValue())));
    }
    return named;
  }

  /// A keyword's texts; empty if it is not there.
  List<String> texts(String keyword) {
    var texts = new ArrayList<String>();
    for (JsonNode value : array(keyword)) {
      if (!value.isString()) {
        throw refusalAt(keyword, "must be an array of strings");
      }
      texts.add(value.asString());
    }
    return texts;
  }

  /// A keyword's text.
  Optional<String> text(String keyword) {
    JsonNode value = json.get(keyword);
    if (value != null && !value.isString()) {
      throw refusalAt(keyword, "must be a string");
    }
    return Optional.ofNullable(value).map(JsonNode::asString);
  }

  /// A keyword's whole number; beyond what an `int` holds it is [Expression#UNBOUNDED].
  int count(String keyword, int otherwise) {
    JsonNode value = json.get(keyword);
    if (value == null) {
      return otherwise;
    }
    BigDecimal number = number(keyword).orElseThrow();
    if (number.signum() < 0 || number.stripTrailingZeros().scale() > 0) {
      throw refusalAt(keyword, "must be a whole number, 0 or more");
    }
    return number.min(BigDecimal.valueOf(Expression.UNBOUNDED)).intValueExact();
  }

  /// A keyword's number.
  Optional<BigDecimal> number(String keyword) {
    JsonNode value = json.get(keyword);
    if (value == null) {
      return Optional.empty();
    }
    if (!value.isNumber()) {
      throw refusalAt(keyword, "must be a number");
    }
    BigDecimal number = value.decimalValue();
    if (isHuge(number)) {
      throw refusalAt(keyword, "the number has too many digits to be held");
    }
    return Optional.of(number);
  }

  /// Whether a number would take very many digits without an exponent.
  static boolean isHuge(BigDecimal number) {
    return number.precision() > DIGITS_MAX || Math.abs((long) number.scale()) > DIGITS_MAX;
  }

  boolean isTrue(String keyword) {
    return json.has(keyword) && json.get(keyword).isBoolean() && json.get(keyword).asBoolean();
  }

  boolean isFalse(String keyword) {
    return json.has(keyword) && json.get(keyword).isBoolean() && !json.get(keyword).asBoolean();
  }

  /// The place says which schema it is.
  @Override
  public boolean equals(Object other) {
    return other instanceof SchemaNode node && pointer.equals(node.pointer);
  }

  @Override
  public int hashCode() {
    return pointer.hashCode();
  }
}
