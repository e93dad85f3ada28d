package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.StringJoiner;

/// Schemas drawn at random, and values that may fit them. A value is a `Map`, `List`, `String`,
/// `BigDecimal`, `Boolean` or the text `null` as [#NULL].
final class RandomSchema {
  static final Object NULL = new Object();

  private static final List<String> NAMES = List.of("a", "b", "ab", "c\"", "ä", "name");
  private static final List<String> PATTERNS =
      List.of("^a+$", "b", "^[a-c]{2,4}$", "^(ab)*$", "a|^b", "^\\d{1,3}$", "[^a]$", "^[^x]{3}");

  private final Random random;

  RandomSchema(Random random) {
    this.random = random;
  }

  /// A schema of some depth, as maps and lists.
  Object schema(int depth) {
    var schema = new LinkedHashMap<String, Object>();
    int kind = random.nextInt(depth > 0 ? 13 : 6);
    switch (kind) {
      case 0 -> schema.put("type", "boolean");
      case 1 -> number(schema, "integer");
      case 2 -> number(schema, "number");
      case 3 -> string(schema);
      case 4 -> schema.put("enum", List.of("x", new BigDecimal(random.nextInt(5)), NULL, "y\n"));
      case 5 -> schema.put("type", List.of("string", "null"));
      case 6, 7 -> object(schema, depth);
      case 8 -> array(schema, depth);
      case 9 -> schema.put("anyOf", List.of(schema(depth - 1), schema(0)));
      case 10 -> schema.put("oneOf", List.of(schema(depth - 1), schema(0)));
      case 11 -> conditional(schema, depth);
      default -> all(schema, depth);
    }
    if (random.nextInt(8) == 0) {
      schema.put("not", schema(0));
    }
    return schema;
  }

  /// An object whose properties depend on each other.
  private void conditional(Map<String, Object> schema, int depth) {
    object(schema, depth);
    var names =
        schema.get("properties") instanceof Map<?, ?> map ? List.copyOf(map.keySet()) : List.of();
    if (names.size() < 2) {
      return;
    }
    Object first = names.get(random.nextInt(names.size()));
    Object second = names.get(random.nextInt(names.size()));
    switch (random.nextInt(4)) {
      case 0 -> schema.put("dependentRequired", Map.of(first, List.of(second)));
      case 1 -> schema.put("not", Map.of("required", List.of(first, second)));
      case 2 ->
          schema.put(
              "oneOf",
              List.of(Map.of("required", List.of(first)), Map.of("required", List.of(second))));
      default -> {
        schema.put("if", Map.of("properties", Map.of(first, schema(0))));
        schema.put("then", Map.of("required", List.of(second)));
        if (random.nextBoolean()) {
          schema.put("else", Map.of("properties", Map.of(second, schema(0))));
        }
      }
    }
  }

  private void number(Map<String, Object> schema, String type) {
    schema.put("type", type);
    boolean isInteger = type.equals("integer");
    BigDecimal low = number(isInteger);
    BigDecimal high = low.add(number(isInteger).abs());
    if (random.nextInt(3) > 0) {
      schema.put(random.nextInt(4) > 0 ? "minimum" : "exclusiveMinimum", low);
    }
    if (random.nextInt(3) > 0) {
      schema.put(random.nextInt(4) > 0 ? "maximum" : "exclusiveMaximum", high);
    }
    if (random.nextInt(4) == 0) {
      schema.put(
          "multipleOf", new BigDecimal(List.of("3", "0.5", "10", "7").get(random.nextInt(4))));
    }
  }

  private BigDecimal number(boolean isInteger) {
    var unscaled = new BigDecimal(random.nextInt(2_000 >> random.nextInt(10)) - 3);
    return isInteger ? unscaled : unscaled.movePointLeft(random.nextInt(4)).stripTrailingZeros();
  }

  private void string(Map<String, Object> schema) {
    schema.put("type", "string");
    int min = random.nextInt(4);
    if (random.nextInt(3) == 0) {
      schema.put("minLength", new BigDecimal(min));
    }
    if (random.nextInt(3) == 0) {
      schema.put("maxLength", new BigDecimal(min + random.nextInt(4)));
    }
    if (random.nextInt(2) == 0) {
      schema.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
    }
  }

  private void object(Map<String, Object> schema, int depth) {
    schema.put("type", "object");
    var properties = new LinkedHashMap<String, Object>();
    var required = new ArrayList<Object>();
    for (String name : NAMES) {
      if (random.nextInt(3) == 0) {
        properties.put(name, schema(depth - 1));
      }
      if (random.nextInt(4) == 0) {
        required.add(name);
      }
    }
    if (random.nextInt(8) > 0) {
      schema.put("properties", properties);
    }
    schema.put("required", required);
    switch (random.nextInt(4)) {
      case 0 -> schema.put("additionalProperties", schema(depth - 1));
      case 1 -> {}
      default -> schema.put("additionalProperties", false);
    }
    if (random.nextInt(5) == 0) {
      schema.put("patternProperties", Map.of("^a", schema(depth - 1)));
    }
    if (random.nextInt(5) == 0) {
      schema.put("maxProperties", new BigDecimal(2 + random.nextInt(2)));
    }
    if (random.nextInt(5) == 0) {
      schema.put("minProperties", new BigDecimal(random.nextInt(3)));
    }
  }

  private void array(Map<String, Object> schema, int depth) {
    schema.put("type", "array");
    if (random.nextInt(3) == 0) {
      schema.put("prefixItems", List.of(schema(depth - 1), schema(depth - 1)));
    }
    if (random.nextInt(3) > 0) {
      schema.put("items", random.nextInt(5) == 0 ? (Object) false : schema(depth - 1));
    }
    int min = random.nextInt(4);
    if (random.nextInt(3) == 0) {
      schema.put("minItems", new BigDecimal(min));
    }
    if (random.nextInt(2) == 0) {
      schema.put("maxItems", new BigDecimal(min + random.nextInt(12)));
    }
  }

  private void all(Map<String, Object> schema, int depth) {
    var first = new LinkedHashMap<String, Object>();
    var second = new LinkedHashMap<String, Object>();
    switch (random.nextInt(3)) {
      case 0 -> {
        string(first);
        string(second);
      }
      case 1 -> {
        number(first, "number");
        number(second, "integer");
      }
      default -> {
        object(first, depth);
        object(second, depth);
      }
    }
    schema.put("allOf", List.of(first, second));
  }

  /// A value that may fit, its properties in the order that is asked for.
  Object value(Object schema, int depth) {
    return ordered(List.of(schema), drawn(schema, depth));
  }

  private Object drawn(Object schema, int depth) {
    if (!(schema instanceof Map<?, ?> map)) {
      return BigDecimal.ONE;
    }
    if (map.get("enum") instanceof List<?> values) {
      return values.get(random.nextInt(values.size()));
    }
    boolean isUnion = !map.containsKey("type");
    if (isUnion
        && map.get(map.containsKey("oneOf") ? "oneOf" : "anyOf") instanceof List<?> branches) {
      return drawn(branches.get(random.nextInt(branches.size())), depth);
    }
    if (map.get("allOf") instanceof List<?> parts) {
      Object first = drawn(parts.get(0), depth);
      Object second = drawn(parts.get(1), depth);
      if (first instanceof Map<?, ?> a && second instanceof Map<?, ?> b) {
        var both = new LinkedHashMap<Object, Object>(b);
        both.putAll(a);
        return both;
      }
      return random.nextBoolean() ? first : second;
    }
    Object type = map.get("type");
    Object one = type instanceof List<?> list ? list.get(random.nextInt(list.size())) : type;
    return switch ((String) one) {
      case "boolean" -> random.nextBoolean();
      case "integer" -> near(map, true);
      case "number" -> near(map, random.nextInt(3) == 0);
      case "string" -> string();
      case "object" -> objectValue(map, depth);
      case "array" -> arrayValue(map, depth);
      case null, default -> NULL;
    };
  }

  private BigDecimal near(Map<?, ?> schema, boolean isInteger) {
    Object bound = schema.get(random.nextBoolean() ? "minimum" : "maximum");
    BigDecimal value = number(isInteger);
    return bound instanceof BigDecimal near && random.nextBoolean()
        ? near.add(random.nextBoolean() ? BigDecimal.ZERO : value)
        : value;
  }

  private String string() {
    var text = new StringBuilder();
    String alphabet = random.nextBoolean() ? "ab" : "abc019\"\\\n\u0001ä€";
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(
          random.nextInt(20) == 0
              ? "😀"
              : String.valueOf(alphabet.charAt(random.nextInt(alphabet.length()))));
    }
    return text.toString();
  }

  private Map<Object, Object> objectValue(Map<?, ?> schema, int depth) {
    var value = new LinkedHashMap<Object, Object>();
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach((name, inner) -> {
        if (random.nextInt(4) > 0) {
          value.put(name, drawn(inner, depth - 1));
        }
      });
    }
    if (schema.get("required") instanceof List<?> required) {
      required.forEach(name -> value.putIfAbsent(name, other(schema, depth)));
    }
    if (random.nextInt(3) == 0) {
      value.putIfAbsent(random.nextBoolean() ? "z" : "ab", other(schema, depth));
    }
    return value;
  }

  private Object other(Map<?, ?> schema, int depth) {
    return schema.get("additionalProperties") instanceof Map<?, ?> inner && depth > 0
        ? drawn(inner, depth - 1)
        : string();
  }

  /// Named properties in the order of the schemas that hold at once, then those that are required,
  /// then others.
  private static Object ordered(List<?> schemas, Object value) {
    List<Map<?, ?>> all = flat(schemas);
    if (value instanceof List<?> list) {
      var items = new ArrayList<Object>();
      for (Object item : list) {
        int index = items.size();
        items.add(ordered(all.stream().map(schema -> item(schema, index)).toList(), item));
      }
      return items;
    }
    if (!(value instanceof Map<?, ?> map)) {
      return value;
    }
    var names = new LinkedHashSet<Object>();
    for (var schema : all) {
      names.addAll(schema.get("properties") instanceof Map<?, ?> m ? m.keySet() : Set.of());
    }
    for (var schema : all) {
      names.addAll(schema.get("required") instanceof List<?> list ? list : List.of());
    }
    names.addAll(map.keySet());
    names.retainAll(map.keySet());
    var properties = new LinkedHashMap<Object, Object>();
    for (Object name : names) {
      var inner = all.stream().flatMap(schema -> property(schema, (String) name).stream()).toList();
      properties.put(name, ordered(inner, map.get(name)));
    }
    return properties;
  }

  /// Schemas with those in their `allOf`, and in `anyOf` and `oneOf` the first, as no other has
  /// properties of its own.
  private static List<Map<?, ?>> flat(List<?> schemas) {
    var all = new ArrayList<Map<?, ?>>();
    for (Object schema : schemas) {
      if (schema instanceof Map<?, ?> map) {
        all.add(map);
        all.addAll(flat(map.get("allOf") instanceof List<?> parts ? parts : List.of()));
        for (String keyword : List.of("anyOf", "oneOf")) {
          all.addAll(
              flat(map.get(keyword) instanceof List<?> parts ? parts.subList(0, 1) : List.of()));
        }
      }
    }
    return all;
  }

  private static Object item(Map<?, ?> schema, int index) {
    List<?> prefix = schema.get("prefixItems") instanceof List<?> list ? list : List.of();
    return index < prefix.size()
        ? prefix.get(index)
        : schema.containsKey("items") ? schema.get("items") : true;
  }

  private static List<Object> property(Map<?, ?> schema, String name) {
    var all = new ArrayList<Object>();
    if (schema.get("properties") instanceof Map<?, ?> named && named.containsKey(name)) {
      all.add(named.get(name));
    }
    if (schema.get("patternProperties") instanceof Map<?, ?> patterns && name.startsWith("a")) {
      all.add(patterns.get("^a"));
    }
    if (all.isEmpty() && schema.get("additionalProperties") instanceof Map<?, ?> other) {
      all.add(other);
    }
    return all;
  }

  private List<Object> arrayValue(Map<?, ?> schema, int depth) {
    var items = new ArrayList<Object>();
    List<?> prefix = schema.get("prefixItems") instanceof List<?> list ? list : List.of();
    for (int i = random.nextInt(6); i > 0; i--) {
      Object inner = items.size() < prefix.size() ? prefix.get(items.size()) : schema.get("items");
      items.add(drawn(inner, depth - 1));
    }
    return items;
  }

  /// Compact JSON in canonical form.
  static String text(Object value) {
    if (value == NULL) {
      return "null";
    }
    return switch (value) {
      case Map<?, ?> map -> {
        var text = new StringJoiner(",", "{", "}");
        map.forEach((k, v) -> text.add(JsonText.quote((String) k) + ":" + text(v)));
        yield text.toString();
      }
      case List<?> list -> {
        var text = new StringJoiner(",", "[", "]");
        list.forEach(item -> text.add(text(item)));
        yield text.toString();
      }
      case String string -> JsonText.quote(string);
      case BigDecimal number -> JsonText.number(number);
      default -> value.toString();
    };
  }
}
