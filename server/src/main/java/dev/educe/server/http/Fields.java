package dev.educe.server.http;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// The fields of a JSON object, each read with its type and range, with OpenAI's words for what is
/// wrong. A field that is `null` is absent.
public final class Fields {
  private final JsonNode object;
  private final String path; // of this object, empty at the top
  private final Set<String> asked = new HashSet<>();

  private Fields(JsonNode object, String path) {
    this.object = object;
    this.path = path;
  }

  /// The fields of a body.
  public static Fields of(JsonNode body) {
    return new Fields(body, "");
  }

  /// The fields of an object within a body.
  ///
  /// @param path where it stands, as `messages[0]`
  /// @throws ApiException if it is no object
  public static Fields of(JsonNode node, String path) {
    if (!node.isObject()) {
      throw wrongType(path, "an object", node);
    }
    return new Fields(node, path);
  }

  /// The path of a field, as errors have it in `param`.
  public String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /// Any value.
  public Optional<JsonNode> value(String name) {
    asked.add(name);
    return Optional.ofNullable(object.get(name)).filter(node -> !node.isNull());
  }

  /// A value that must be there.
  public JsonNode require(String name) {
    return value(name)
        .orElseThrow(() ->
            invalid(
                path(name),
                "missing_required_parameter",
                "Missing required parameter: '%s'.".formatted(path(name))));
  }

  public Optional<String> text(String name) {
    return value(name).map(node -> text(node, path(name)));
  }

  /// A text that must be there.
  public String requireText(String name) {
    return text(require(name), path(name));
  }

  /// @param path where the value stands
  public static String text(JsonNode node, String path) {
    if (!node.isString()) {
      throw wrongType(path, "a string", node);
    }
    return node.stringValue();
  }

  public Optional<Boolean> flag(String name) {
    return value(name)
        .map(node -> {
          if (!node.isBoolean()) {
            throw wrongType(path(name), "a boolean", node);
          }
          return node.booleanValue();
        });
  }

  /// A whole number.
  ///
  /// @param min the least that is allowed
  /// @param max the most
  public Optional<Long> integer(String name, long min, long max) {
    return value(name).map(node -> integer(node, path(name), min, max));
  }

  /// @param path where the value stands
  /// @param min the least that is allowed
  /// @param max the most
  public static long integer(JsonNode node, String path, long min, long max) {
    if (!node.isNumber()) {
      throw wrongType(path, "an integer", node);
    }
    double rough = node.doubleValue();
    if (!node.isIntegralNumber() && rough != Math.rint(rough)) {
      throw wrongType(path, "an integer", node);
    }
    boolean isBeyond = node.isIntegralNumber() && !node.canConvertToLong();
    long whole = node.isIntegralNumber() && !isBeyond ? node.longValue() : (long) rough;
    if (rough > max || whole > max || (isBeyond && rough > 0)) {
      throw above(path, "integer", max);
    }
    if (rough < min || whole < min || isBeyond) {
      throw below(path, "integer", min);
    }
    return whole;
  }

  /// A number.
  ///
  /// @param min the least that is allowed
  /// @param max the most
  public Optional<Double> number(String name, double min, double max) {
    return value(name)
        .map(node -> {
          if (!node.isNumber()) {
            throw wrongType(path(name), "a decimal", node);
          }
          double number = node.doubleValue();
          if (number > max) {
            throw above(path(name), "decimal", max);
          }
          if (number < min) {
            throw below(path(name), "decimal", min);
          }
          return number;
        });
  }

  /// One of a few words.
  public Optional<String> word(String name, Set<String> allowed) {
    return text(name)
        .map(word -> {
          if (!allowed.contains(word)) {
            throw wrongWord(name, word, allowed);
          }
          return word;
        });
  }

  /// A text or a list of texts.
  ///
  /// @param countMax how many there may be
  public List<String> texts(String name, int countMax) {
    var value = value(name);
    if (value.isEmpty()) {
      return List.of();
    }
    JsonNode node = value.get();
    if (node.isString()) {
      return List.of(node.stringValue());
    }
    if (!node.isArray()) {
      throw wrongType(path(name), "one of a string or array of strings", node);
    }
    checkCount(node, path(name), 0, countMax);
    var texts = new ArrayList<String>();
    for (JsonNode element : node) {
      texts.add(text(element, "%s[%d]".formatted(path(name), texts.size())));
    }
    return texts;
  }

  /// An object.
  public Optional<Fields> object(String name) {
    return value(name).map(node -> of(node, path(name)));
  }

  /// A list of objects; none if it is absent.
  ///
  /// @param countMax how many there may be
  public List<Fields> objects(String name, int countMax) {
    var value = value(name);
    if (value.isEmpty()) {
      return List.of();
    }
    JsonNode node = value.get();
    if (!node.isArray()) {
      throw wrongType(path(name), "an array of objects", node);
    }
    checkCount(node, path(name), 0, countMax);
    var objects = new ArrayList<Fields>();
    for (JsonNode element : node) {
      objects.add(of(element, "%s[%d]".formatted(path(name), objects.size())));
    }
    return objects;
  }

  /// @throws ApiException if an array has fewer or more elements
  public static void checkCount(JsonNode array, String path, int min, int max) {
    if (array.size() < min) {
      throw invalid(
          path,
          min == 1 ? "empty_array" : "array_below_min_length",
          "Invalid '%s': array too short. Expected an array with minimum length %,d, but got one"
                  .formatted(path, min)
              + " of length %,d.".formatted(array.size()));
    }
    if (array.size() > max) {
      throw invalid(
          path,
          "array_above_max_length",
          "Invalid '%s': array too long. Expected an array with maximum length %,d, but got one"
                  .formatted(path, max)
              + " of length %,d.".formatted(array.size()));
    }
  }

  /// Refuses a field that OpenAI documents and this server does not do, by its name; but for a
  /// value that asks for nothing.
  ///
  /// @param harmless values that change nothing, as they are written in JSON
  public void refuse(String name, String... harmless) {
    var value = value(name);
    if (value.isPresent() && !List.of(harmless).contains(value.get().toString())) {
      throw unsupported(name);
    }
  }

  /// An error about a field that is known and not supported.
  public ApiException unsupported(String name) {
    return invalid(
        path(name),
        "unsupported_parameter",
        "Unsupported parameter: '%s' is not supported with this server.".formatted(path(name)));
  }

  /// An error about a word that is not one of those expected, or not supported.
  ///
  /// @param expected the words that are
  public ApiException wrongWord(String name, String word, Set<String> expected) {
    return invalid(
        path(name),
        "invalid_value",
        "Invalid value: '%s'. Supported values are: %s.".formatted(shown(word), quoted(expected)));
  }

  /// Takes a field that may say anything without changing what is answered.
  public void ignore(String... names) {
    asked.addAll(List.of(names));
  }

  /// Refuses whatever nobody has asked for: a request never means less than it says.
  public void refuseRest() {
    for (String name : object.propertyNames()) {
      if (!asked.contains(name)) {
        throw invalid(
            shown(path(name)),
            "unknown_parameter",
            "Unknown parameter: '%s'.".formatted(shown(path(name))));
      }
    }
  }

  /// An error about a parameter.
  public static ApiException invalid(String param, String code, String message) {
    return new ApiException(ApiError.invalid(param, code, message));
  }

  /// An error about a value that has the wrong type.
  ///
  /// @param expected with its article: "a string"
  public static ApiException wrongType(String path, String expected, JsonNode node) {
    return invalid(
        path,
        "invalid_type",
        "Invalid type for '%s': expected %s, but got %s instead."
            .formatted(path, expected, kind(node)));
  }

  private static ApiException above(String path, String kind, Number max) {
    return invalid(
        path,
        kind + "_above_max_value",
        "Invalid '%s': %s above maximum value. Expected a value <= %s."
            .formatted(path, kind, plain(max)));
  }

  private static ApiException below(String path, String kind, Number min) {
    return invalid(
        path,
        kind + "_below_min_value",
        "Invalid '%s': %s below minimum value. Expected a value >= %s."
            .formatted(path, kind, plain(min)));
  }

  private static String plain(Number number) {
    return number.toString().replaceFirst("\\.0$", "");
  }

  private static String kind(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> node.isEmpty() ? "an empty array" : "an array";
      case BOOLEAN -> "a boolean";
      case NUMBER -> node.isIntegralNumber() ? "an integer" : "a decimal number";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case NULL, MISSING -> "null";
      case BINARY, POJO -> node.getNodeType().name().toLowerCase(Locale.ROOT);
    };
  }

  /// What a client sent, short enough for a message.
  private static String shown(String text) {
    int charsMax = 64;
    return text.length() <= charsMax ? text : text.substring(0, charsMax) + "…";
  }

  private static String quoted(Set<String> words) {
    return new TreeSet<>(words)
        .stream().map(word -> "'" + word + "'").collect(Collectors.joining(", "));
  }
}
