package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.Arrays;

/// Writes one block as files store it, from codes and scales.
///
/// Source: ggml `ggml-common.h` (the structs) and `ggml-quants.c` (`dequantize_row_…`).
final class BlockLayout {
  private BlockLayout() {}

  /// Writes a block.
  ///
  /// @param codes as stored, unsigned, in the order of columns
  /// @param scales sub-scales, where the format has them
  /// @param mins minimums, where the format has them
  /// @param d the scale, which a half holds; of MXFP4 the exponent's byte
  /// @param second what else of that kind the format has
  static void write(
      DType type,
      int[] codes,
      int[] scales,
      int[] mins,
      float d,
      float second,
      byte[] target,
      int at) {
    Arrays.fill(target, at, at + type.blockBytes(), (byte) 0);
    switch (type) {
      case Q4_0, IQ4_NL -> nibbles(codes, 0, target, half(d, target, at));
      case Q4_1 -> nibbles(codes, 0, target, half(second, target, half(d, target, at)));
      case Q5_0 -> fifths(codes, target, half(d, target, at));
      case Q5_1 -> fifths(codes, target, half(second, target, half(d, target, at)));
      case Q8_0 -> {
        half(d, target, at);
        for (int i = 0; i < 32; i++) {
          target[at + 2 + i] = (byte) (codes[i] - 128);
        }
      }
      case MXFP4 -> {
        target[at] = (byte) (int) d;
        nibbles(codes, 0, target, at + 1);
      }
      case Q2_K -> writeQ2(codes, scales, mins, d, second, target, at);
      case Q3_K -> writeQ3(codes, scales, d, target, at);
      case Q4_K, Q5_K -> {
        half(second, target, half(d, target, at));
        scalesAndMins(scales, mins, target, at + 4);
        boolean isFive = type == DType.Q5_K;
        for (int i = 0; i < 256; i++) {
          target[at + (isFive ? 48 : 16) + i / 64 * 32 + i % 32] |=
              (byte) ((codes[i] & 15) << i / 32 % 2 * 4);
          if (isFive) {
            target[at + 16 + i % 32] |= (byte) (codes[i] >>> 4 << i / 32);
          }
        }
      }
      case Q6_K -> writeQ6(codes, scales, d, target, at);
      case IQ4_XS -> writeIq4(codes, scales, d, target, at);
      default -> throw new IllegalArgumentException("no blocks are written of " + type);
    }
  }

  /// Writes a half and returns where it ends.
  private static int half(float value, byte[] target, int at) {
    short bits = Float.floatToFloat16(value);
    target[at] = (byte) bits;
    target[at + 1] = (byte) (bits >> 8);
    return at + 2;
  }

  /// Sixteen bytes: columns 0 to 15 in the low nibbles, 16 to 31 in the high ones.
  private static void nibbles(int[] codes, int from, byte[] target, int at) {
    for (int i = 0; i < 16; i++) {
      target[at + i] = (byte) (codes[from + i] & 15 | (codes[from + 16 + i] & 15) << 4);
    }
  }

  private static void fifths(int[] codes, byte[] target, int at) {
    for (int i = 0; i < 32; i++) {
      target[at + i / 8] |= (byte) (codes[i] >>> 4 << i % 8);
    }
    nibbles(codes, 0, target, at + 4);
  }

  private static void writeQ2(
      int[] codes, int[] scales, int[] mins, float d, float second, byte[] target, int at) {
    for (int i = 0; i < 16; i++) {
      target[at + i] = (byte) (scales[i] | mins[i] << 4);
    }
    pairs(codes, target, at + 16);
    half(second, target, half(d, target, at + 80));
  }

  private static void writeQ3(int[] codes, int[] scales, float d, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      target[at + i % 32] |= (byte) (codes[i] >>> 2 << i / 32);
    }
    pairs(codes, target, at + 32);
    for (int i = 0; i < 16; i++) {
      int scale = scales[i] + 32;
      target[at + 96 + i % 8] |= (byte) ((scale & 15) << i / 8 * 4);
      target[at + 104 + i % 4] |= (byte) (scale >>> 4 << i / 4 * 2);
    }
    half(d, target, at + 108);
  }

  /// The two lowest bits of 256 codes in 64 bytes.
  private static void pairs(int[] codes, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      target[at + i / 128 * 32 + i % 32] |= (byte) ((codes[i] & 3) << i / 32 % 4 * 2);
    }
  }

  /// Eight scales and eight minimums of six bits in twelve bytes.
  private static void scalesAndMins(int[] scales, int[] mins, byte[] target, int at) {
    for (int i = 0; i < 4; i++) {
      target[at + i] = (byte) (scales[i] | scales[4 + i] >>> 4 << 6);
      target[at + 4 + i] = (byte) (mins[i] | mins[4 + i] >>> 4 << 6);
      target[at + 8 + i] = (byte) (scales[4 + i] & 15 | (mins[4 + i] & 15) << 4);
    }
  }

  private static void writeQ6(int[] codes, int[] scales, float d, byte[] target, int at) {
    for (int i = 0; i < 256; i++) {
      int half = i / 128;
      int part = i / 32 % 4;
      int low = at + 64 * half + part % 2 * 32 + i % 32;
      target[low] |= (byte) ((codes[i] & 15) << part / 2 * 4);
      target[at + 128 + 32 * half + i % 32] |= (byte) (codes[i] >>> 4 << part * 2);
    }
    for (int i = 0; i < 16; i++) {
      target[at + 192 + i] = (byte) scales[i];
    }
    half(d, target, at + 208);
  }

  private static void writeIq4(int[] codes, int[] scales, float d, byte[] target, int at) {
    half(d, target, at);
    for (int i = 0; i < 8; i++) {
      int scale = scales[i] + 32;
      target[at + 2 + i / 4] |= (byte) (scale >>> 4 << i % 4 * 2);
      target[at + 4 + i / 2] |= (byte) ((scale & 15) << i % 2 * 4);
      nibbles(codes, 32 * i, target, at + 8 + 16 * i);
    }
  }
}
