package dev.educe.kernels.codegen;

import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One output of a matrix product, straight from the bytes of a panel and the arithmetic contract:
/// slow, and written apart from every kernel.
final class MatrixOracle {
  private static final int[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };

  private static final int[] FP4 = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  private final PanelLayout layout;
  private final int size;
  private final MemorySegment panel;
  private final int row;

  MatrixOracle(DType type, int size, MemorySegment panel, int row) {
    this.layout = PanelLayout.find(type).orElseThrow();
    this.size = size;
    this.panel = panel;
    this.row = row;
  }

  /// The product with a row of floats, which begins at `x`.
  float plain(MemorySegment x) {
    float acc = 0;
    for (int k = 0; k < size; k++) {
      long at = (long) k * 16 + row;
      float w =
          switch (layout.type()) {
            case F32 -> panel.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at * 4);
            case F16 -> Float.float16ToFloat(panel.get(ValueLayout.JAVA_SHORT_UNALIGNED, at * 2));
            default ->
                Float.intBitsToFloat(panel.get(ValueLayout.JAVA_SHORT_UNALIGNED, at * 2) << 16);
          };
      acc = Math.fma(w, x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * k), acc);
    }
    return acc;
  }

  /// The product with a row of 8-bit blocks, which begins at `x`.
  float quantized(MemorySegment x) {
    float acc = 0;
    for (int b = 0; b < size / 32; b++) {
      float scaleX = x.get(ValueLayout.JAVA_FLOAT_UNALIGNED, size + 4L * b);
      float value = 0;
      for (int part = 0; part < parts(); part++) {
        int dot = 0;
        int sum = 0;
        for (int k = 32 / parts() * part; k < 32 / parts() * (part + 1); k++) {
          int q = x.get(ValueLayout.JAVA_BYTE, 32L * b + k);
          dot += weight(b, k) * q;
          sum += q;
        }
        float scale = scale(b, 0) * subScale(b, part);
        if (parts() == 1 && !hasMins()) {
          acc = Math.fma((float) dot, scale * scaleX, acc);
          continue;
        }
        value = part == 0 ? scale * dot : Math.fma(scale, (float) dot, value);
        if (hasMins()) {
          value = Math.fma(-(scale(b, 1) * min(b, part)), (float) sum, value);
        }
      }
      if (parts() == 2 || hasMins()) {
        acc = Math.fma(value, scaleX, acc);
      }
    }
    return acc;
  }

  private int parts() {
    return switch (layout.type()) {
      case Q2_K, Q3_K, Q6_K -> 2;
      default -> 1;
    };
  }

  private boolean hasMins() {
    return switch (layout.type()) {
      case Q4_1, Q5_1, Q2_K, Q4_K, Q5_K -> true;
      default -> false;
    };
  }

  private float scale(int b, int index) {
    if (layout.type() == DType.MXFP4) {
      int exponent = panel.get(ValueLayout.JAVA_BYTE, (long) b * layout.scaleStride() + row);
      return Math.scalb(1f, (exponent & 0xff) - 128);
    }
    long group = (long) (b / layout.scaleBlocks()) * layout.scaleStride();
    return Float.float16ToFloat(
        panel.get(ValueLayout.JAVA_SHORT_UNALIGNED, group + 32L * index + 2L * row));
  }

  private int weight(int b, int k) {
    return switch (layout.type()) {
      case Q4_0 -> nibble(b, k) - 8;
      case Q4_1, Q4_K -> nibble(b, k);
      case Q5_0 -> nibble(b, k) + 16 * bit(b, 256, k) - 16;
      case Q5_1, Q5_K -> nibble(b, k) + 16 * bit(b, 256, k);
      case Q8_0 -> quant(b, 64 * (k / 4) + k % 4) - 128;
      case Q6_K -> nibble(b, k) + 16 * pair(b, 256, k) - 32;
      case Q2_K -> pair(b, 0, k);
      case Q3_K -> pair(b, 0, k) + 4 * bit(b, 128, k) - 4;
      case IQ4_NL, IQ4_XS -> IQ4[nibble(b, k)];
      case MXFP4 -> FP4[nibble(b, k)];
      default -> throw new IllegalArgumentException(layout.type().name());
    };
  }

  /// Byte `at` of a block's quants for row 0, moved to this row.
  private int quant(int b, int at) {
    long block = layout.quantsOffset(size) + (long) b * layout.quantStride();
    return panel.get(ValueLayout.JAVA_BYTE, block + at + 4 * row) & 0xff;
  }

  private int nibble(int b, int k) {
    return quant(b, 64 * (k % 16 / 4) + k % 4) >> (k < 16 ? 0 : 4) & 0xf;
  }

  private int pair(int b, int part, int k) {
    return quant(b, part + 64 * (k / 16) + k % 4) >> (2 * (k % 16 / 4)) & 3;
  }

  private int bit(int b, int part, int k) {
    return quant(b, part + k % 4) >> (k / 4) & 1;
  }

  private int subByte(long at) {
    return panel.get(ValueLayout.JAVA_BYTE, layout.subScalesOffset(size) + at + row);
  }

  private int subScale(int b, int half) {
    return switch (layout.type()) {
      case Q4_K, Q5_K -> subByte(32L * b) & 0xff;
      case Q6_K -> subByte(32L * b + 16 * half);
      case IQ4_XS -> subByte(16L * b);
      case Q2_K -> subByte(32L * b + 16 * half) & 0xf;
      case Q3_K -> {
        int low = subByte(16L * b) >> (4 * half) & 0xf;
        int high = subByte(16L * (size / 32) + 16 * (b / 2)) >> (4 * (b % 2) + 2 * half) & 3;
        yield (low | high << 4) - 32;
      }
      default -> 1;
    };
  }

  private int min(int b, int half) {
    return switch (layout.type()) {
      case Q4_1, Q5_1 -> -1;
      case Q4_K, Q5_K -> subByte(32L * b + 16) & 0xff;
      case Q2_K -> subByte(32L * b + 16 * half) >> 4 & 0xf;
      default -> 0;
    };
  }
}
