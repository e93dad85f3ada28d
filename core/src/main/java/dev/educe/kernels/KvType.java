package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How keys and values are stored in the cache.
public enum KvType {
  F32(4),
  F16(2),
  /// Integers from −127 to 127, and an F32 scale for each [#GROUP] channels of a token's head.
  I8(1);

  /// Channels that share a scale, where there are scales; a head's last may be fewer.
  public static final int GROUP = 32;

  private final int elementBytes;

  KvType(int elementBytes) {
    this.elementBytes = elementBytes;
  }

  /// Bytes of an element, without its share of a scale.
  public int elementBytes() {
    return elementBytes;
  }

  /// Whether elements are multiplied by scales when they are read.
  public boolean hasScales() {
    return this == I8;
  }

  /// Bytes that a token leaves in one head's keys, or in its values.
  public long bytes(int headSize) {
    int scales = hasScales() ? Math.ceilDiv(headSize, GROUP) : 0;
    return (long) headSize * elementBytes + (long) scales * Float.BYTES;
  }

  /// The element at a place, widened exactly; its scale is not applied.
  ///
  /// @param offset in bytes
  float get(MemorySegment elements, long offset) {
    return switch (this) {
      case F32 -> elements.get(ValueLayout.JAVA_FLOAT, offset);
      case F16 -> Float.float16ToFloat(elements.get(ValueLayout.JAVA_SHORT, offset));
      case I8 -> elements.get(ValueLayout.JAVA_BYTE, offset);
    };
  }

  /// Stores a number, rounded to the nearest element, ties to even. As an integer NaN is zero.
  ///
  /// @param offset in bytes
  void put(MemorySegment elements, long offset, float value) {
    switch (this) {
      case F32 -> elements.set(ValueLayout.JAVA_FLOAT, offset, value);
      case F16 -> elements.set(ValueLayout.JAVA_SHORT, offset, Float.floatToFloat16(value));
      case I8 -> elements.set(ValueLayout.JAVA_BYTE, offset, (byte) Math.rint(value));
    }
  }
}
