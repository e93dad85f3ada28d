package dev.educe.format;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// One value of a checkpoint's metadata, with the type it has in the file.
public sealed interface MetadataValue {
  /// A signed or unsigned integer of 8 to 64 bits; `value` holds an unsigned 64-bit number's bits.
  record Int(IntType type, long value) implements MetadataValue {}

  /// A float of 32 or 64 bits.
  record Number(boolean isDouble, double value) implements MetadataValue {}

  /// A bool.
  record Flag(boolean value) implements MetadataValue {}

  /// A string.
  record Text(String value) implements MetadataValue {}

  /// An array of integers; never exposed but through copies.
  record Ints(IntType type, long[] values) implements MetadataValue {}

  /// An array of floats.
  record Numbers(boolean isDouble, double[] values) implements MetadataValue {}

  /// An array of bools.
  record Flags(boolean[] values) implements MetadataValue {}

  /// An array of strings.
  record Texts(List<String> values) implements MetadataValue {}

  /// An array of arrays.
  record Nested(List<MetadataValue> values) implements MetadataValue {}

  /// The integer types of GGUF.
  enum IntType {
    UINT8,
    INT8,
    UINT16,
    INT16,
    UINT32,
    INT32,
    UINT64,
    INT64
  }

  /// The string, if it is one.
  default Optional<String> asString() {
    return this instanceof Text(var value) ? Optional.of(value) : Optional.empty();
  }

  /// The integer, if it is one that a long holds.
  default OptionalLong asInteger() {
    return this instanceof Int(var type, var value) && (type != IntType.UINT64 || value >= 0)
        ? OptionalLong.of(value)
        : OptionalLong.empty();
  }

  /// The float, if it is one.
  default OptionalDouble asNumber() {
    return this instanceof Number(var _, var value)
        ? OptionalDouble.of(value)
        : OptionalDouble.empty();
  }

  /// The bool, if it is one.
  default Optional<Boolean> asFlag() {
    return this instanceof Flag(var value) ? Optional.of(value) : Optional.empty();
  }

  /// The strings, if it is an array of them.
  default Optional<List<String>> asStrings() {
    return this instanceof Texts(var values) ? Optional.of(values) : Optional.empty();
  }

  /// A copy of the integers, if it is an array of them that longs hold.
  default Optional<long[]> asIntegers() {
    return this instanceof Ints(var _, var values) ? Optional.of(values.clone()) : Optional.empty();
  }

  /// A copy of the floats, if it is an array of them.
  default Optional<float[]> asFloats() {
    if (!(this instanceof Numbers(var _, var values))) {
      return Optional.empty();
    }
    var copy = new float[values.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = (float) values[i];
    }
    return Optional.of(copy);
  }

  /// The type and, where it is short, the value: `uint32 7`, `an array of 32,000 strings`.
  default String describe() {
    return switch (this) {
      case Int(var type, var value) ->
          type.name().toLowerCase(java.util.Locale.ROOT)
              + " "
              + (type == IntType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value));
      case Number(var isDouble, var value) -> (isDouble ? "float64 " : "float32 ") + value;
      case Flag(var value) -> "bool " + value;
      case Text(var value) ->
          "string \"" + (value.length() > 40 ? value.substring(0, 40) + "…" : value) + "\"";
      case Ints(var type, var values) ->
          "an array of %,d %s"
              .formatted(values.length, type.name().toLowerCase(java.util.Locale.ROOT));
      case Numbers(var isDouble, var values) ->
          "an array of %,d %s".formatted(values.length, isDouble ? "float64" : "float32");
      case Flags(var values) -> "an array of %,d bools".formatted(values.length);
      case Texts(var values) -> "an array of %,d strings".formatted(values.size());
      case Nested(var values) -> "an array of %,d arrays".formatted(values.size());
    };
  }
}
