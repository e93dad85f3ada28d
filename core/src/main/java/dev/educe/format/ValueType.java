package dev.educe.format;

import dev.educe.format.MetadataValue.IntType;
import java.util.Locale;

/// GGUF's metadata types, in the order of their numbers.
///
/// Source: the GGUF specification, `enum gguf_metadata_value_type`.
enum ValueType {
  UINT8(1),
  INT8(1),
  UINT16(2),
  INT16(2),
  UINT32(4),
  INT32(4),
  FLOAT32(4),
  BOOL(1),
  STRING(8), // its length
  ARRAY(12), // its element type and count
  UINT64(8),
  INT64(8),
  FLOAT64(8);

  static final ValueType[] BY_NUMBER = values();

  /// The fewest bytes that a value of this type takes in a file.
  final int bytesMin;

  ValueType(int bytesMin) {
    this.bytesMin = bytesMin;
  }

  static ValueType of(IntType type) {
    return valueOf(type.name());
  }

  /// @throws IllegalArgumentException if this is not an integer type
  IntType integer() {
    return IntType.valueOf(name());
  }

  boolean isInteger() {
    return switch (this) {
      case UINT8, INT8, UINT16, INT16, UINT32, INT32, UINT64, INT64 -> true;
      case FLOAT32, FLOAT64, BOOL, STRING, ARRAY -> false;
    };
  }

  /// As messages write it: `uint32`.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
