package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
    int kind = random.nextInt(depth > 0 ? 11 : 6);
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
      default -> all(schema, depth);
    }
    return schema;
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

  /// A value that may fit.
  Object value(Object schema, int depth) {
    if (!(schema instanceof Map<?, ?> map)) {
      return BigDecimal.ONE;
    }
    if (map.get("enum") instanceof List<?> values) {
      return values.get(random.nextInt(values.size()));
    }
    if (map.get("anyOf") instanceof List<?> branches) {
      return value(branches.get(random.nextInt(branches.size())), depth);
    }
    if (map.get("allOf") instanceof List<?> parts) {
      Object first = value(parts.get(0), depth);
      Object second = value(parts.get(1), depth);
      if (first instanceof Map<?, ?> a && second instanceof Map<?, ?> b) {
        return ordered(List.of((Map<?, ?>) parts.get(0), (Map<?, ?>) parts.get(1)), a, b);
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

  private Map<String, Object> objectValue(Map<?, ?> schema, int depth) {
    var value = new LinkedHashMap<String, Object>();
    if (schema.get("properties") instanceof Map<?, ?> properties) {
      properties.forEach((name, inner) -> {
        if (random.nextInt(4) > 0) {
          value.put((String) name, value(inner, depth - 1));
        }
      });
    }
    if (schema.get("required") instanceof List<?> required) {
      required.forEach(name -> value.putIfAbsent((String) name, other(schema, depth)));
    }
    if (random.nextInt(3) == 0) {
      value.putIfAbsent(random.nextBoolean() ? "z" : "ab", other(schema, depth));
    }
    return ordered(List.of(schema), value, Map.of());
  }

  private Object other(Map<?, ?> schema, int depth) {
    return schema.get("additionalProperties") instanceof Map<?, ?> inner && depth > 0
        ? value(inner, depth - 1)
        : string();
  }

  /// Named properties in the order of the schemas, then those that are required, then others.
  private static Map<String, Object> ordered(
      List<Map<?, ?>> schemas, Map<?, ?> first, Map<?, ?> second) {
    var all = new LinkedHashMap<String, Object>();
    second.forEach((name, value) -> all.put((String) name, value));
    first.forEach((name, value) -> all.put((String) name, value));
    var names = new ArrayList<String>();
    for (String keyword : List.of("properties", "required")) {
      for (Map<?, ?> schema : schemas) {
        Object named = schema.get(keyword);
        var these = named instanceof Map<?, ?> map ? map.keySet() : (Iterable<?>) named;
        if (these != null) {
          these.forEach(name -> names.add((String) name));
        }
      }
    }
    names.addAll(all.keySet());
    var ordered = new LinkedHashMap<String, Object>();
    for (String name : names) {
      if (all.containsKey(name)) {
        ordered.putIfAbsent(name, all.get(name));
      }
    }
    return ordered;
  }

  private List<Object> arrayValue(Map<?, ?> schema, int depth) {
    var items = new ArrayList<Object>();
    List<?> prefix = schema.get("prefixItems") instanceof List<?> list ? list : List.of();
    for (int i = random.nextInt(6); i > 0; i--) {
      Object inner = items.size() < prefix.size() ? prefix.get(items.size()) : schema.get("items");
      items.add(value(inner, depth - 1));
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
