package dev.educe.huggingface;

import dev.educe.format.ModelFormatException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The fields of a JSON object of a checkpoint's files, asked for by name and type.
///
/// A field that is `null` is as good as none. What has another type is a [ModelFormatException]
/// that names file and field.
final class Fields {
  /// Four times the largest vocabulary known.
  private static final long BYTES_MAX = 1 << 27;

  private static final int DEPTH_MAX = 64;
  private static final int NUMBER_MAX = 100;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(DEPTH_MAX)
                          .maxNumberLength(NUMBER_MAX)
                          .maxStringLength((int) BYTES_MAX)
                          .maxNameLength((int) BYTES_MAX)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final String source;
  private final JsonNode json;

  private Fields(String source, JsonNode json) {
    this.source = source;
    this.json = json;
  }

  /// @throws ModelFormatException if the file holds no JSON object, or is too large
  /// @throws IOException if it cannot be read
  static Fields read(Path file) throws IOException {
    if (Files.size(file) > BYTES_MAX) {
      throw new ModelFormatException(
          String.format(
              Locale.ROOT,
              "%s: has %,d bytes; at most %,d are read",
              file,
              Files.size(file),
              BYTES_MAX));
    }
    return parse(file.toString(), Files.readAllBytes(file));
  }

  /// The fields of a file; none if there is no such file.
  static Fields readIfThere(Path file) throws IOException {
    return Files.isRegularFile(file)
        ? read(file)
        : parse(file.toString(), "{}".getBytes(StandardCharsets.UTF_8));
  }

  static Fields parse(String source, byte[] text) throws ModelFormatException {
    JsonNode json;
    try {
      json = MAPPER.readTree(text);
    } catch (JacksonException | NumberFormatException e) {
      String reason = e instanceof JacksonException j ? j.getOriginalMessage() : "a number";
      throw new ModelFormatException("%s: is not valid JSON: %s".formatted(source, reason), e);
    }
    if (json == null || !json.isObject()) {
      throw new ModelFormatException(source + ": is not a JSON object");
    }
    return new Fields(source, json);
  }

  /// The file's name, for messages.
  String source() {
    return source;
  }

  Set<String> names() {
    return new TreeSet<>(json.propertyNames());
  }

  boolean has(String name) {
    return find(name).isPresent();
  }

  Optional<String> text(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isPresent() && !value.get().isString()) {
      throw wrong(name, "a string");
    }
    return value.map(JsonNode::stringValue);
  }

  OptionalLong integer(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!isInteger(value.get())) {
      throw wrong(name, "an integer");
    }
    return OptionalLong.of(value.get().longValue());
  }

  /// An integer, or a list of them.
  List<Long> integers(String name) throws ModelFormatException {
    var value = find(name);
    var integers = new ArrayList<Long>();
    if (value.isPresent()) {
      for (JsonNode each : value.get().isArray() ? value.get() : List.of(value.get())) {
        if (!isInteger(each)) {
          throw wrong(name, "an integer or a list of them");
        }
        integers.add(each.longValue());
      }
    }
    return integers;
  }

  private static boolean isInteger(JsonNode value) {
    return value.isIntegralNumber() && value.canConvertToLong();
  }

  OptionalDouble number(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isEmpty()) {
      return OptionalDouble.empty();
    }
    if (!value.get().isNumber() || !Float.isFinite((float) value.get().doubleValue())) {
      throw wrong(name, "a number");
    }
    return OptionalDouble.of(value.get().doubleValue());
  }

  Optional<Boolean> flag(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isPresent() && !value.get().isBoolean()) {
      throw wrong(name, "true or false");
    }
    return value.map(JsonNode::booleanValue);
  }

  Optional<Fields> object(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isPresent() && !value.get().isObject()) {
      throw wrong(name, "an object");
    }
    return value.map(object -> new Fields(source, object));
  }

  /// A list of objects; empty if there is none.
  List<Fields> objects(String name) throws ModelFormatException {
    var objects = new ArrayList<Fields>();
    for (JsonNode each : list(name)) {
      if (!each.isObject()) {
        throw wrong(name, "a list of objects");
      }
      objects.add(new Fields(source, each));
    }
    return objects;
  }

  /// A list of anything; empty if there is none.
  List<JsonNode> list(String name) throws ModelFormatException {
    var value = find(name);
    if (value.isPresent() && !value.get().isArray()) {
      throw wrong(name, "a list");
    }
    return value.map(list -> List.copyOf(list.values())).orElse(List.of());
  }

  /// Whether a field is a string.
  boolean isText(String name) {
    return find(name).filter(JsonNode::isString).isPresent();
  }

  /// Whether a field is this string.
  boolean is(String name, String text) {
    return find(name)
        .filter(value -> value.isString() && value.stringValue().equals(text))
        .isPresent();
  }

  ModelFormatException wrong(String name, String wanted) {
    return new ModelFormatException(
        "%s: '%s' must be %s".formatted(source, ModelFormatException.excerpt(name), wanted));
  }

  private Optional<JsonNode> find(String name) {
    return Optional.ofNullable(json.get(name)).filter(value -> !value.isNull());
  }
}
