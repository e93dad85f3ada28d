package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How keys and values are stored in the cache.
public enum KvType {
  F32(4),
  F16(2);

  private final int bytes;

  KvType(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of an element.
  public int bytes() {
    return bytes;
  }

  /// The element at a place, widened exactly.
  ///
  /// @param offset in bytes
  public float get(MemorySegment elements, long offset) {
    return switch (this) {
      case F32 -> elements.get(ValueLayout.JAVA_FLOAT, offset);
      case F16 -> Float.float16ToFloat(elements.get(ValueLayout.JAVA_SHORT, offset));
    };
  }

  /// Stores a value, rounded to the nearest element, ties to even.
  ///
  /// @param offset in bytes
  public void put(MemorySegment elements, long offset, float value) {
    switch (this) {
      case F32 -> elements.set(ValueLayout.JAVA_FLOAT, offset, value);
      case F16 -> elements.set(ValueLayout.JAVA_SHORT, offset, Float.floatToFloat16(value));
    }
  }
}
