package dev.educe.kernels;

import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/// Rows of a weight matrix as a checkpoint stores them, and what they mean: the formats'
/// definitions once more, byte by byte, shared with no code under test.
///
/// Source: ggml `ggml-common.h` and `dequantize_row_…` of `ggml-quants.c`.
final class RawRows {
  private static final int[] IQ4 = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
  };
  private static final float[] FP4 = {0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f};

  final DType type;
  final int rows;
  final int size;
  final ByteBuffer bytes;

  private RawRows(DType type, int rows, int size) {
    this.type = type;
    this.rows = rows;
    this.size = size;
    this.bytes =
        ByteBuffer.allocate(Math.toIntExact(rows * type.rowBytes(size)))
            .order(ByteOrder.LITTLE_ENDIAN);
  }

  static RawRows of(DType type, int rows, int size, byte[] bytes) {
    var raw = new RawRows(type, rows, size);
    raw.bytes.put(0, bytes);
    return raw;
  }

  /// Random codes and sub-scales; scales of every size a half can have, zeros and subnormals too.
  static RawRows random(DType type, int rows, int size, Random random) {
    var raw = new RawRows(type, rows, size);
    random.nextBytes(raw.bytes.array());
    for (int at = 0; at < raw.bytes.capacity(); at += type.blockBytes()) {
      raw.setScales(at, random);
    }
    return raw;
  }

  /// Every code and sub-scale byte the same; scales of 1.
  static RawRows uniform(DType type, int rows, int size, int value) {
    var raw = new RawRows(type, rows, size);
    java.util.Arrays.fill(raw.bytes.array(), (byte) value);
    for (int at = 0; at < raw.bytes.capacity(); at += type.blockBytes()) {
      for (int offset : scaleOffsets(type)) {
        raw.bytes.putShort(at + offset, Float.floatToFloat16(1f));
      }
      switch (type) {
        case F32 -> raw.bytes.putFloat(at, (byte) value);
        case F16 -> raw.bytes.putShort(at, Float.floatToFloat16((byte) value));
        case BF16 -> raw.bytes.putShort(at, (short) (Float.floatToRawIntBits((byte) value) >> 16));
        case MXFP4 -> raw.bytes.put(at, (byte) 128);
        default -> {}
      }
    }
    return raw;
  }

  private void setScales(int at, Random random) {
    switch (type) {
      case F32 -> bytes.putFloat(at, (float) random.nextGaussian());
      case F16 -> bytes.putShort(at, half(random));
      case BF16 ->
          bytes.putShort(
              at, (short) (Float.floatToRawIntBits((float) random.nextGaussian()) >>> 16));
      case MXFP4 -> bytes.put(at, (byte) (random.nextInt(8) == 0 ? 0 : random.nextInt(110, 140)));
      default -> {
        for (int offset : scaleOffsets(type)) {
          bytes.putShort(at + offset, half(random));
        }
      }
    }
  }

  private static short half(Random random) {
    return switch (random.nextInt(8)) {
      case 0 -> (short) (random.nextInt(0x400) | (random.nextBoolean() ? 0x8000 : 0));
      case 1 -> (short) (random.nextBoolean() ? 0x8000 : 0);
      default -> Float.floatToFloat16((float) (random.nextGaussian() * 0.1));
    };
  }

  private static int[] scaleOffsets(DType type) {
    return switch (type) {
      case Q4_0, Q5_0, Q8_0, IQ4_NL, IQ4_XS -> new int[] {0};
      case Q4_1, Q5_1, Q4_K, Q5_K -> new int[] {0, 2};
      case Q2_K -> new int[] {80, 82};
      case Q3_K -> new int[] {108};
      case Q6_K -> new int[] {208};
      default -> new int[0];
    };
  }

  /// The rows packed; the caller closes the region.
  Panels pack(Region region) {
    var panels = new Panels(region, type, rows, size);
    PanelPacker.pack(MemorySegment.ofArray(bytes.array()), panels, 0, rows);
    return panels;
  }

  /// All weights, each product rounded to F32.
  float[] weights() {
    float[] weights = new float[rows * size];
    int block = type.blockSize();
    for (int i = 0; i < rows * size; i++) {
      weights[i] = weight(i / block * type.blockBytes(), i % block);
    }
    return weights;
  }

  /// The weight at place `i` of the block at byte `at`.
  private float weight(int at, int i) {
    int j = i % 32;
    int b = i / 32;
    return switch (type) {
      case F32 -> bytes.getFloat(at);
      case F16 -> f16(at);
      case BF16 -> Float.intBitsToFloat(bytes.getShort(at) << 16);
      case Q8_0 -> f16(at) * bytes.get(at + 2 + i);
      case Q4_0 -> f16(at) * (nibble(at + 2, j) - 8);
      case Q4_1 -> f16(at) * nibble(at + 4, j) + f16(at + 2);
      case Q5_0 -> f16(at) * ((nibble(at + 6, j) | bit(at + 2, j) << 4) - 16);
      case Q5_1 -> f16(at) * (nibble(at + 8, j) | bit(at + 4, j) << 4) + f16(at + 2);
      case IQ4_NL -> f16(at) * IQ4[nibble(at + 2, j)];
      case MXFP4 -> mxfp4(at, j);
      case Q2_K -> {
        int scales = u8(at + i / 16);
        yield f16(at + 80) * (scales & 15) * crumb(at + 16, b, j) - f16(at + 82) * (scales >> 4);
      }
      case Q3_K -> {
        int high = u8(at + j) >> b & 1;
        yield f16(at + 108) * (q3Scale(at, i / 16) - 32) * (crumb(at + 32, b, j) + 4 * high - 4);
      }
      case Q4_K -> {
        int q = u8(at + 16 + b / 2 * 32 + j) >> 4 * (b % 2) & 15;
        yield f16(at) * k4(at + 4, b, false) * q - f16(at + 2) * k4(at + 4, b, true);
      }
      case Q5_K -> {
        int q = u8(at + 48 + b / 2 * 32 + j) >> 4 * (b % 2) & 15;
        q += 16 * (u8(at + 16 + j) >> b & 1);
        yield f16(at) * k4(at + 4, b, false) * q - f16(at + 2) * k4(at + 4, b, true);
      }
      case Q6_K -> {
        int low = u8(at + i / 128 * 64 + b % 2 * 32 + j) >> (b % 4 < 2 ? 0 : 4) & 15;
        int high = u8(at + 128 + i / 128 * 32 + j) >> 2 * (b % 4) & 3;
        yield f16(at + 208) * bytes.get(at + 192 + i / 16) * (low + 16 * high - 32);
      }
      case IQ4_XS -> {
        int low = u8(at + 4 + b / 2) >> 4 * (b % 2) & 15;
        int high = bytes.getShort(at + 2) >> 2 * b & 3;
        yield f16(at) * (low + 16 * high - 32) * IQ4[nibble(at + 8 + 16 * b, j)];
      }
      default -> throw new IllegalArgumentException("no rows of " + type);
    };
  }

  private float mxfp4(int at, int j) {
    int code = nibble(at + 1, j);
    // In doubles, since the power of two alone may be below the floats.
    double value = Math.scalb((double) FP4[code & 7], u8(at) - 127);
    return (float) (code < 8 ? value : code == 8 ? 0.0 : -value);
  }

  private int q3Scale(int at, int i) {
    int low = i < 8 ? u8(at + 96 + i) & 15 : u8(at + 96 + i - 8) >> 4;
    int high = u8(at + 104 + i % 4) >> 2 * (i / 4) & 3;
    return low + 16 * high;
  }

  private int k4(int at, int b, boolean isMin) {
    int shift = isMin ? 4 : 0;
    return b < 4
        ? u8(at + b + shift) & 63
        : (u8(at + b + 4) >> shift & 15) + 16 * (u8(at + b - 4 + shift) >> 6);
  }

  /// Two bits of 64 bytes: 32 bytes hold four blocks.
  private int crumb(int at, int b, int j) {
    return u8(at + b / 4 * 32 + j) >> 2 * (b % 4) & 3;
  }

  /// Sixteen bytes: the low nibbles, then the high ones.
  private int nibble(int at, int j) {
    return j < 16 ? u8(at + j) & 15 : u8(at + j - 16) >> 4;
  }

  private int bit(int at, int j) {
    return bytes.getInt(at) >>> j & 1;
  }

  private float f16(int at) {
    return Float.float16ToFloat(bytes.getShort(at));
  }

  private int u8(int at) {
    return bytes.get(at) & 0xff;
  }
}
