package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// One block of a row as checkpoints store it, taken apart into codes and scales.
///
/// Four codes share an `int`, a byte each, the lowest first: *quads*. A block of 32 has eight, so
/// that the packing of a panel, whose lanes are four columns of a row, is work on whole quads.
///
/// Source: ggml `ggml-common.h` (the structs) and `ggml-quants.c` (`dequantize_row_…`).
final class CheckpointBlock {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final int NIBBLE = 0x0f0f0f0f;
  private static final int PAIR = 0x03030303;
  private static final int BIT = 0x01010101;

  /// Codes, eight quads to a block of 32.
  final int[] quads = new int[64];

  /// Sub-scales as the panel keeps them: one of each block of 32, or of each half of 16.
  final int[] subScales = new int[16];

  /// Minimums of blocks of 32, where the format has them apart from the scales.
  final int[] mins = new int[8];

  /// The bits of `d`; of MXFP4 the exponent.
  int scale;

  /// The bits of the second scale.
  int second;

  private final DType type;
  private MemorySegment bytes = MemorySegment.NULL;
  private long start;

  CheckpointBlock(DType type) {
    this.type = type;
  }

  /// Takes the block at `offset` apart.
  void read(MemorySegment rows, long offset) {
    bytes = rows;
    start = offset;
    switch (type) {
      case Q4_0, IQ4_NL -> readNibbles(2, 0);
      case Q4_1 -> readNibbles(4, 0);
      case Q5_0 -> readNibbles(6, bits(2));
      case Q5_1 -> readNibbles(8, bits(4));
      case Q8_0 -> readBytes(2);
      case MXFP4 -> readNibbles(1, 0);
      case Q2_K -> readQ2();
      case Q3_K -> readQ3();
      case Q4_K -> readQ4();
      case Q5_K -> readQ5();
      case Q6_K -> readQ6();
      case IQ4_XS -> readIq4();
      default -> throw new IllegalArgumentException("no panels are packed from " + type);
    }
    readScales();
  }

  private void readScales() {
    switch (type) {
      case MXFP4 -> scale = unsigned(0);
      case Q2_K -> {
        scale = half(80);
        second = half(82);
      }
      case Q3_K -> scale = half(108);
      case Q6_K -> scale = half(208);
      case Q4_1, Q5_1, Q4_K, Q5_K -> {
        scale = half(0);
        second = half(2);
      }
      default -> scale = half(0);
    }
  }

  /// Sixteen bytes: columns 0 to 15 in the low nibbles, 16 to 31 in the high ones; the fifth bit of
  /// column `c` is bit `c` of `fifth`.
  private void readNibbles(int at, int fifth) {
    for (int g = 0; g < 4; g++) {
      int pair = bits(at + 4 * g);
      quads[g] = pair & NIBBLE | spread(fifth >>> 4 * g) << 4;
      quads[4 + g] = pair >>> 4 & NIBBLE | spread(fifth >>> 16 + 4 * g) << 4;
    }
  }

  /// The four lowest bits, one to a byte.
  private static int spread(int bits) {
    return (bits & 15) * 0x00204081 & BIT;
  }

  private void readBytes(int at) {
    for (int g = 0; g < 8; g++) {
      // Adds 128 to each byte.
      quads[g] = bits(at + 4 * g) ^ 0x80808080;
    }
  }

  private void readQ2() {
    for (int i = 0; i < 64; i++) {
      quads[i] = twoBits(16, i);
    }
    for (int i = 0; i < 16; i++) {
      subScales[i] = unsigned(i);
    }
  }

  private void readQ3() {
    for (int i = 0; i < 64; i++) {
      quads[i] = twoBits(32, i) | (bits(i % 8 * 4) >>> i / 8 & BIT) << 2;
    }
    for (int i = 0; i < 16; i++) {
      int low = unsigned(96 + i % 8) >>> i / 8 * 4 & 15;
      int high = unsigned(104 + i % 4) >>> i / 4 * 2 & 3;
      subScales[i] = low | high << 4;
    }
  }

  /// Quad `i` of 64 bytes that hold two bits of four blocks each.
  private int twoBits(int at, int i) {
    return bits(at + i / 32 * 32 + i % 8 * 4) >>> i / 8 % 4 * 2 & PAIR;
  }

  private void readQ4() {
    readScalesAndMins();
    for (int i = 0; i < 64; i++) {
      quads[i] = fourBits(16, i);
    }
  }

  private void readQ5() {
    readScalesAndMins();
    for (int i = 0; i < 64; i++) {
      quads[i] = fourBits(48, i) | (bits(16 + i % 8 * 4) >>> i / 8 & BIT) << 4;
    }
  }

  /// Quad `i` of 128 bytes: 32 of them hold a block in the low nibbles, the next in the high ones.
  private int fourBits(int at, int i) {
    return bits(at + i / 16 * 32 + i % 8 * 4) >>> i / 8 % 2 * 4 & NIBBLE;
  }

  /// Eight scales and eight minimums of six bits in twelve bytes.
  private void readScalesAndMins() {
    for (int b = 0; b < 4; b++) {
      int first = unsigned(4 + b);
      int next = unsigned(8 + b);
      int last = unsigned(12 + b);
      subScales[b] = first & 63;
      mins[b] = next & 63;
      subScales[4 + b] = last & 15 | first >>> 6 << 4;
      mins[4 + b] = last >>> 4 | next >>> 6 << 4;
    }
  }

  private void readQ6() {
    for (int i = 0; i < 64; i++) {
      int half = i / 32;
      int block = i / 8 % 4;
      int column = i % 8 * 4;
      int low = bits(64 * half + block % 2 * 32 + column) >>> block / 2 * 4 & NIBBLE;
      int high = bits(128 + 32 * half + column) >>> block * 2 & PAIR;
      quads[i] = low | high << 4;
    }
    for (int i = 0; i < 16; i++) {
      subScales[i] = unsigned(192 + i);
    }
  }

  private void readIq4() {
    int high = half(2);
    for (int b = 0; b < 8; b++) {
      int low = unsigned(4 + b / 2) >>> b % 2 * 4 & 15;
      subScales[b] = (low | (high >>> 2 * b & 3) << 4) - 32;
      for (int g = 0; g < 4; g++) {
        int pair = bits(8 + 16 * b + 4 * g);
        quads[8 * b + g] = pair & NIBBLE;
        quads[8 * b + 4 + g] = pair >>> 4 & NIBBLE;
      }
    }
  }

  private int bits(int at) {
    return bytes.get(INT, start + at);
  }

  private int half(int at) {
    return bytes.get(SHORT, start + at) & 0xffff;
  }

  private int unsigned(int at) {
    return bytes.get(ValueLayout.JAVA_BYTE, start + at) & 0xff;
  }
}
