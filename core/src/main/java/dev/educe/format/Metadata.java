package dev.educe.format;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.Set;

/// What a checkpoint says of itself: typed values by key, in the file's order. Immutable.
///
/// Integers of any width and sign serve where an integer is asked for, and both floats where a
/// number is; anything else is an error that names the key, the type wanted and the type found.
public final class Metadata {
  private final String source;
  private final Map<String, MetadataValue> values;

  /// @param source the file's name, for messages
  public Metadata(String source, Map<String, MetadataValue> values) {
    this.source = source;
    this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /// The file's name, for messages.
  public String source() {
    return source;
  }

  /// All keys, in the file's order.
  public Set<String> keys() {
    return values.keySet();
  }

  /// The value of a key as it stands in the file.
  public Optional<MetadataValue> find(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /// @throws ModelFormatException if the key is missing or not a string
  public String string(String key) throws ModelFormatException {
    return findString(key).orElseThrow(() -> missing(key, "a string"));
  }

  /// @throws ModelFormatException if the key is there and not a string
  public Optional<String> findString(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(value.asString().orElseThrow(() -> wrong(key, "a string", value)));
  }

  /// @throws ModelFormatException if the key is missing or not an integer that a long holds
  public long integer(String key) throws ModelFormatException {
    var found = findInteger(key);
    if (found.isEmpty()) {
      throw missing(key, "an integer");
    }
    return found.getAsLong();
  }

  /// @throws ModelFormatException if the key is there and not an integer that a long holds
  public OptionalLong findInteger(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return OptionalLong.empty();
    }
    var integer = value.asInteger();
    if (integer.isEmpty()) {
      throw wrong(key, "an integer", value);
    }
    return integer;
  }

  /// @throws ModelFormatException if the key is there and not a float
  public OptionalDouble findNumber(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return OptionalDouble.empty();
    }
    var number = value.asNumber();
    if (number.isEmpty()) {
      throw wrong(key, "a float", value);
    }
    return number;
  }

  /// @throws ModelFormatException if the key is there and not a bool
  public Optional<Boolean> findFlag(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(value.asFlag().orElseThrow(() -> wrong(key, "a bool", value)));
  }

  /// @throws ModelFormatException if the key is there and not an array of strings
  public Optional<List<String>> findStrings(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(
        value.asStrings().orElseThrow(() -> wrong(key, "an array of strings", value)));
  }

  /// @return a copy
  /// @throws ModelFormatException if the key is there and not an array of floats
  public Optional<float[]> findFloats(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(value.asFloats().orElseThrow(() -> wrong(key, "an array of floats", value)));
  }

  /// @return a copy
  /// @throws ModelFormatException if the key is there and not an array of integers
  public Optional<long[]> findIntegers(String key) throws ModelFormatException {
    var value = values.get(key);
    if (value == null) {
      return Optional.empty();
    }
    return Optional.of(
        value.asIntegers().orElseThrow(() -> wrong(key, "an array of integers", value)));
  }

  /// An error about a key that is there, in the form all of them have.
  public ModelFormatException invalid(String key, String expected, Object found) {
    return new ModelFormatException(
        "%s: the metadata key '%s' must be %s, found %s".formatted(source, key, expected, found));
  }

  private ModelFormatException missing(String key, String expected) {
    return new ModelFormatException(
        "%s: the metadata key '%s' is missing; it must be %s".formatted(source, key, expected));
  }

  private ModelFormatException wrong(String key, String expected, MetadataValue value) {
    return invalid(key, expected, value.describe());
  }
}
