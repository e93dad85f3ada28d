package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;

/// Encoder of the floats: F32, F16 and BF16, to the nearest, ties to even.
final class PlainEncoder implements BlockEncoder {
  private final DType type;

  PlainEncoder(DType type) {
    this.type = type;
  }

  @Override
  public int blocksMax() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void encode(
      float[] rows, int from, int blocks, float[] importance, byte[] target, int at) {
    int bytes = type.blockBytes();
    for (int i = 0; i < blocks; i++) {
      float x = rows[from + i];
      int bits =
          switch (type) {
            case F16 -> Float.floatToFloat16(x);
            case BF16 -> brain(Float.floatToRawIntBits(x));
            default -> Float.floatToRawIntBits(x);
          };
      for (int b = 0; b < bytes; b++) {
        target[at + i * bytes + b] = (byte) (bits >>> 8 * b);
      }
    }
  }

  private static int brain(int bits) {
    return (bits + 0x7fff + (bits >>> 16 & 1)) >>> 16;
  }
}
