package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// What keys and values become when they are stored, written anew from the contract.
final class KvRounding {
  private KvRounding() {}

  /// A channel of a head whose floats begin at float `head`.
  static float rounded(KvType type, MemorySegment x, long head, int headSize, int channel) {
    float value = FloatRows.at(x, head + channel);
    return switch (type) {
      case F32 -> value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case I8 -> {
        float largest = 0f;
        int first = channel - channel % 32;
        for (int other = first; other < Math.min(first + 32, headSize); other++) {
          largest = Math.max(largest, Math.abs(FloatRows.at(x, head + other)));
        }
        if (!Float.isFinite(largest)) {
          yield Float.NaN;
        }
        boolean isZero = largest < 0x1p-100f;
        yield isZero ? 0f : (int) Math.rint(value * (127f / largest)) * (largest / 127f);
      }
    };
  }
}
