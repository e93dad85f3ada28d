package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;

/// Writes floats as F32, F16 or BF16: to the nearest, ties to even.
final class PlainEncoder {
  private PlainEncoder() {}

  static void encode(DType type, float[] x, int count, byte[] target) {
    int bytes = type.blockBytes();
    for (int i = 0; i < count; i++) {
      int bits =
          switch (type) {
            case F16 -> Float.floatToFloat16(x[i]);
            case BF16 -> brain(Float.floatToRawIntBits(x[i]));
            default -> Float.floatToRawIntBits(x[i]);
          };
      for (int b = 0; b < bytes; b++) {
        target[i * bytes + b] = (byte) (bits >>> 8 * b);
      }
    }
  }

  private static int brain(int bits) {
    return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
  }
}
