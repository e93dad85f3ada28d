package dev.educe.format;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// One value of a checkpoint's metadata, with the type it has in the file.
public sealed interface MetadataValue {
  /// A signed or unsigned integer of 8 to 64 bits; `value` holds an unsigned 64-bit number's bits.
  record Int(IntType type, long value) implements MetadataValue {
    /// @throws IllegalArgumentException if the type does not hold the value
    public Int {
      type.check(value);
    }
  }

  /// A float of 32 or 64 bits.
  record Number(boolean isDouble, double value) implements MetadataValue {}

  /// A bool.
  record Flag(boolean value) implements MetadataValue {}

  /// A string.
  record Text(String value) implements MetadataValue {}

  /// An array of integers; what goes in and out is copied.
  record Ints(IntType type, long[] values) implements MetadataValue {
    /// @throws IllegalArgumentException if the type does not hold a value
    public Ints {
      values = values.clone();
      for (long value : values) {
        type.check(value);
      }
    }

    @Override
    public long[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Ints ints && ints.type == type && Arrays.equals(ints.values, values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  /// An array of floats; what goes in and out is copied.
  record Numbers(boolean isDouble, double[] values) implements MetadataValue {
    public Numbers {
      values = values.clone();
    }

    @Override
    public double[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Numbers numbers
          && numbers.isDouble == isDouble
          && Arrays.equals(numbers.values, values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  /// An array of bools; what goes in and out is copied.
  record Flags(boolean[] values) implements MetadataValue {
    public Flags {
      values = values.clone();
    }

    @Override
    public boolean[] values() {
      return values.clone();
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Flags flags && Arrays.equals(flags.values, values);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(values);
    }
  }

  /// An array of strings.
  record Texts(List<String> values) implements MetadataValue {
    public Texts {
      values = List.copyOf(values);
    }
  }

  /// An array of arrays.
  record Nested(List<MetadataValue> values) implements MetadataValue {
    /// @throws IllegalArgumentException if a value is not an array
    public Nested {
      values = List.copyOf(values);
      for (var value : values) {
        switch (value) {
          case Ints _, Numbers _, Flags _, Texts _, Nested _ -> {}
          case Int _, Number _, Flag _, Text _ ->
              throw new IllegalArgumentException(
                  "an array of arrays holds arrays, got " + value.describe());
        }
      }
    }
  }

  /// The integer types of GGUF.
  enum IntType {
    UINT8(0, 0xff),
    INT8(Byte.MIN_VALUE, Byte.MAX_VALUE),
    UINT16(0, 0xffff),
    INT16(Short.MIN_VALUE, Short.MAX_VALUE),
    UINT32(0, 0xffff_ffffL),
    INT32(Integer.MIN_VALUE, Integer.MAX_VALUE),
    UINT64(Long.MIN_VALUE, Long.MAX_VALUE), // any bits
    INT64(Long.MIN_VALUE, Long.MAX_VALUE);

    private final long min;
    private final long max;

    IntType(long min, long max) {
      this.min = min;
      this.max = max;
    }

    private void check(long value) {
      if (value < min || value > max) {
        throw new IllegalArgumentException("a %s does not hold %d".formatted(this, value));
      }
    }

    /// As messages write it: `uint32`.
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
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
    if (!(this instanceof Ints(var type, var values))) {
      return Optional.empty();
    }
    boolean fits = type != IntType.UINT64 || Arrays.stream(values).allMatch(value -> value >= 0);
    return fits ? Optional.of(values) : Optional.empty();
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
          type
              + " "
              + (type == IntType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value));
      case Number(var isDouble, var value) -> (isDouble ? "float64 " : "float32 ") + value;
      case Flag(var value) -> "bool " + value;
      case Text(var value) -> "string \"" + ModelFormatException.excerpt(value) + "\"";
      case Ints ints -> arrayOf(ints.values.length, ints.type.toString());
      case Numbers numbers ->
          arrayOf(numbers.values.length, numbers.isDouble ? "float64" : "float32");
      case Flags flags -> arrayOf(flags.values.length, "bools");
      case Texts(var values) -> arrayOf(values.size(), "strings");
      case Nested(var values) -> arrayOf(values.size(), "arrays");
    };
  }

  private static String arrayOf(int count, String elements) {
    return String.format(Locale.ROOT, "an array of %,d %s", count, elements);
  }
}
