package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.BooleanNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Says `not`, `if` and what depends on a property in terms of `anyOf`, `allOf` and what they are
/// about, as far as that can be said: what is not all of several things is not one of them.
///
/// A `not` within what it makes is rewritten when it is its turn, so that recursion does no harm.
/// The places of what it makes have a `#` behind the place they come from.
final class SchemaRewriting {
  /// A keyword of its own: an array of values that do not fit.
  static final String EXCLUDED = "\0none of";

  /// A keyword of its own: a number of which those that fit are no multiples.
  static final String UNDIVIDED = "\0no multiple of";

  /// A type of its own: numbers that are not whole.
  static final String FRACTION = "\0fraction";

  /// A keyword of its own: a regular expression that finds nothing in a string that fits.
  static final String UNMATCHED = "\0not pattern";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int CHAIN_MAX = 200; // references that lead to each other
  private static final int PAIRS_MAX = 500; // of branches of a oneOf that is negated

  /// What has no opposite that can be enforced.
  private static final Set<String> ASSERTING =
      Set.of(
          "items",
          "prefixItems",
          "additionalItems",
          "contains",
          "uniqueItems",
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "then",
          "else",
          "dependencies",
          "dependentRequired",
          "dependentSchemas",
          "unevaluatedItems",
          "unevaluatedProperties",
          "$dynamicRef",
          "$recursiveRef");

  private final SchemaDocument document;

  SchemaRewriting(SchemaDocument document) {
    this.document = document;
  }

  /// What `not`, `if`, `dependentRequired`, `dependentSchemas` and `dependencies` ask for.
  List<SchemaNode> of(SchemaNode schema) {
    var all = new ArrayList<SchemaNode>();
    schema.schema("not").ifPresent(part -> all.add(negated(part)));
    if (schema.has("if") && (schema.has("then") || schema.has("else"))) {
      all.add(made(schema, "if", conditional(schema)));
    }
    for (String keyword : List.of("dependentRequired", "dependentSchemas", "dependencies")) {
      JsonNode value = schema.json().path(keyword);
      if (schema.has(keyword) && !value.isObject()) {
        throw schema.refusalAt(keyword, "must be an object");
      }
      value
          .properties()
          .forEach(entry -> {
            JsonNode needed = entry.getValue();
            JsonNode then = needed.isArray() ? object("required", needed) : needed;
            JsonNode absent = property(entry.getKey(), BooleanNode.FALSE);
            String place = SchemaNode.child(keyword, entry.getKey());
            all.add(made(schema, place, anyOf(List.of(absent, then))));
          });
    }
    return all;
  }

  private static SchemaNode made(SchemaNode from, String keyword, JsonNode json) {
    return new SchemaNode(from.pointer() + "/" + keyword + "#", json);
  }

  private static JsonNode conditional(SchemaNode schema) {
    JsonNode condition = schema.json().get("if");
    var yes = JSON.arrayNode().add(condition);
    var no = JSON.arrayNode().add(not(condition));
    Optional.ofNullable(schema.json().get("then")).ifPresent(yes::add);
    Optional.ofNullable(schema.json().get("else")).ifPresent(no::add);
    return anyOf(List.of(object("allOf", yes), object("allOf", no)));
  }

  /// What does not fit a schema.
  ///
  /// @throws GrammarException if that cannot be said
  SchemaNode negated(SchemaNode schema) {
    SchemaNode at = schema;
    for (int i = 0; isReference(at); i++) {
      if (i == CHAIN_MAX) {
        throw schema.refusal("more than " + CHAIN_MAX + " references lead to each other");
      }
      at = document.resolve(at);
    }
    JsonNode opposite =
        at.json().isBoolean() ? BooleanNode.valueOf(!at.json().asBoolean()) : opposite(at);
    return new SchemaNode(at.pointer() + "#", opposite);
  }

  private static boolean isReference(SchemaNode schema) {
    return schema.has("$ref")
        && schema.json().propertyNames().stream()
            .allMatch(keyword -> keyword.equals("$ref") || !isAsserting(keyword));
  }

  private static boolean isAsserting(String keyword) {
    return ASSERTING.contains(keyword)
        || switch (keyword) {
          case "type", "enum", "const", "required", "properties", "pattern", "format" -> true;
          case "minLength", "maxLength", "minItems", "maxItems" -> true;
          case "minProperties", "maxProperties", "minimum", "maximum" -> true;
          case "exclusiveMinimum", "exclusiveMaximum", "not", "allOf", "anyOf", "oneOf" -> true;
          case "multipleOf" -> true;
          default -> false;
        };
  }

  private static JsonNode opposite(SchemaNode schema) {
    var options = new ArrayList<JsonNode>();
    for (String keyword : schema.json().propertyNames()) {
      add(schema, keyword, options);
    }
    return options.isEmpty() ? BooleanNode.FALSE : anyOf(options);
  }

  /// Adds what does not fit one keyword.
  private static void add(SchemaNode schema, String keyword, List<JsonNode> options) {
    JsonNode value = schema.json().get(keyword);
    switch (keyword) {
      case "type" -> options.add(object("type", otherTypes(schema)));
      case "enum" -> options.add(object(EXCLUDED, values(schema, schema.array("enum"))));
      case "const" -> options.add(object(EXCLUDED, values(schema, List.of(value))));
      case "required" -> schema.texts("required").forEach(name -> options.add(without(name)));
      case "properties" -> {
        for (var property : schema.named("properties")) {
          String name = property.getKey();
          options.add(
              property(name, not(property.getValue().json()))
                  .<ObjectNode>set("type", JSON.stringNode("object"))
                  .set("required", JSON.arrayNode().add(name)));
        }
      }
      case "pattern" -> options.add(typed("string", UNMATCHED, value));
      case "multipleOf" -> options.add(typed("number", UNDIVIDED, value));
      case "minLength", "minItems", "minProperties" -> {
        int count = schema.count(keyword, 0);
        if (count > 0) {
          options.add(counted(keyword, "max", count - 1));
        }
      }
      case "maxLength", "maxItems", "maxProperties" -> {
        int count = schema.count(keyword, 0);
        if (count < Expression.UNBOUNDED) {
          options.add(counted(keyword, "min", count + 1));
        }
      }
      case "minimum" -> addBound(schema, keyword, "Minimum", "Maximum", options);
      case "maximum" -> addBound(schema, keyword, "Maximum", "Minimum", options);
      case "exclusiveMinimum", "exclusiveMaximum" -> {
        if (!value.isBoolean()) {
          String other = keyword.equals("exclusiveMinimum") ? "maximum" : "minimum";
          options.add(typed("number", other, value));
        }
      }
      case "not" -> options.add(value);
      case "allOf" -> schema.array("allOf").forEach(part -> options.add(not(part)));
      case "anyOf" -> options.add(noneOf(schema.array("anyOf")));
      case "oneOf" -> addOneOf(schema, options);
      case "$ref" -> options.add(not(object("$ref", value)));
      default -> refuseIfAsserting(schema, keyword, value);
    }
  }

  private static void refuseIfAsserting(SchemaNode schema, String keyword, JsonNode value) {
    boolean isVacuous =
        value.isBoolean() && value.asBoolean() || value.isEmpty() && value.isObject();
    boolean isEnforced =
        ASSERTING.contains(keyword)
            || keyword.equals("format")
                && value.isString()
                && !StringFormats.patterns(value.asString()).isEmpty();
    if (isEnforced && !isVacuous) {
      throw schema.refusalAt(
          keyword, keyword + " cannot be enforced within not; say what is allowed instead");
    }
  }

  private static void addBound(
      SchemaNode schema, String keyword, String side, String other, List<JsonNode> options) {
    var bound = JSON.numberNode(schema.number(keyword).orElseThrow());
    boolean isOut = schema.isTrue("exclusive" + side);
    options.add(
        typed("number", isOut ? other.toLowerCase(Locale.ROOT) : "exclusive" + other, bound));
  }

  /// None of the branches, or two.
  private static void addOneOf(SchemaNode schema, List<JsonNode> options) {
    List<JsonNode> branches = schema.array("oneOf");
    options.add(noneOf(branches));
    if (branches.size() * (branches.size() - 1) / 2 > PAIRS_MAX) {
      throw schema.refusalAt("oneOf", "has too many branches to be enforced within not");
    }
    for (int i = 0; i < branches.size(); i++) {
      for (int j = 0; j < i; j++) {
        options.add(object("allOf", JSON.arrayNode().add(branches.get(j)).add(branches.get(i))));
      }
    }
  }

  private static ArrayNode values(SchemaNode schema, List<JsonNode> values) {
    ArrayNode all = JSON.arrayNode();
    for (JsonNode value : values) {
      if (value.isArray() || value.isObject()) {
        throw schema.refusal("arrays and objects cannot be told from others within not");
      }
      all.add(value);
    }
    return all;
  }

  private static ArrayNode otherTypes(SchemaNode schema) {
    var others = EnumSet.allOf(JsonKind.class);
    others.removeAll(JsonKind.ofType(schema));
    ArrayNode types = JSON.arrayNode();
    others.forEach(kind -> types.add(kind.typeName()));
    return types;
  }

  private static JsonNode noneOf(List<JsonNode> parts) {
    ArrayNode all = JSON.arrayNode();
    parts.forEach(part -> all.add(not(part)));
    return object("allOf", all);
  }

  private static ObjectNode not(JsonNode schema) {
    return object("not", schema);
  }

  private static JsonNode anyOf(List<JsonNode> options) {
    return options.size() == 1
        ? options.getFirst()
        : object("anyOf", JSON.arrayNode().addAll(options));
  }

  private static ObjectNode object(String keyword, JsonNode value) {
    return JSON.objectNode().set(keyword, value);
  }

  private static ObjectNode typed(String type, String keyword, JsonNode value) {
    return object("type", JSON.stringNode(type)).set(keyword, value);
  }

  private static ObjectNode counted(String keyword, String bound, int count) {
    String what = keyword.substring(3);
    String type =
        switch (what) {
          case "Length" -> "string";
          case "Items" -> "array";
          default -> "object";
        };
    return typed(type, bound + what, JSON.numberNode(BigDecimal.valueOf(count)));
  }

  /// Objects that do not have a property.
  private static JsonNode without(String name) {
    return property(name, BooleanNode.FALSE).set("type", JSON.stringNode("object"));
  }

  private static ObjectNode property(String name, JsonNode schema) {
    return object("properties", object(name, schema)).set("additionalProperties", BooleanNode.TRUE);
  }
}
