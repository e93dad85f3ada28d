package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.ShortVector;

/// Turns the codes of a panel's blocks into shorts, ready to be multiplied.
///
/// A block becomes sixteen groups of 64 bytes: `group[8h + 4p + g]` holds, in lanes `2r` and `2r +
/// 1`, columns `16h + 4g + p` and `16h + 4g + p + 2` of row `r`. Codes of at most six bits fill one
/// such *plane*. Codes of eight bits fill two, their low and their high nibbles, so that sums of
/// sixteen products stay within 16 bits; their value is `low + 16 · high`.
///
/// Each loop is flat and its offsets are taken from one counter: nested loops cost half the rate.
/// No vector is passed to another method, which would box it.
final class CodeUnpacker {
  /// Bytes of a block in a plane.
  static final int BLOCK_BYTES = 1024;

  private static final int VECTOR_BYTES = Lanes.BITS / 8;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;

  private static final ShortVector ONE_BIT = ShortVector.broadcast(Lanes.SHORTS, 1);
  private static final ShortVector TWO_BITS = ShortVector.broadcast(Lanes.SHORTS, 3);
  private static final ShortVector FOUR_BITS = ShortVector.broadcast(Lanes.SHORTS, 15);
  private static final ShortVector FIFTH_BIT = ShortVector.broadcast(Lanes.SHORTS, 16);
  private static final ShortVector UPPER_BITS = ShortVector.broadcast(Lanes.SHORTS, 48);
  private static final ShortVector CENTER = ShortVector.broadcast(Lanes.SHORTS, 32);
  private static final ByteVector NIBBLE = ByteVector.broadcast(Lanes.BYTES, 15);

  // Where odd columns, the second half and the plane of high nibbles lie.
  private static final int ODD = 256;
  private static final int HALF = 512;

  private CodeUnpacker() {}

  /// How many planes a form's codes fill.
  static int planes(QuantForm form) {
    return form.hasBook() || form.codes() == QuantForm.Codes.BYTES ? 2 : 1;
  }

  /// What is taken from every code when it is unpacked.
  static int center(QuantForm form) {
    return switch (form.codes()) {
      case NIBBLES_AND_BITS -> 16;
      case NIBBLES_AND_PAIRS -> 32;
      case BYTES, NIBBLES, PAIRS, PAIRS_AND_BITS -> 0;
    };
  }

  /// Unpacks the codes of `blocks` blocks.
  ///
  /// @param from where they begin in `panels`, in bytes; each next begins `stride` further
  /// @param to where the first plane begins in `codes`; the second lies `planeBytes` behind it
  static void unpack(
      QuantForm form,
      ByteVector book,
      MemorySegment panels,
      long from,
      int stride,
      int blocks,
      MemorySegment codes,
      long to,
      long planeBytes) {
    switch (form.codes()) {
      case BYTES -> bytes(panels, from, stride, blocks, codes, to, planeBytes);
      case NIBBLES -> {
        if (form.hasBook()) {
          lookUp(book, panels, from, stride, blocks, codes, to, planeBytes);
        } else {
          nibbles(panels, from, stride, blocks, codes, to);
        }
      }
      case NIBBLES_AND_BITS -> nibblesAndBits(panels, from, stride, blocks, codes, to);
      case NIBBLES_AND_PAIRS -> nibblesAndPairs(panels, from, blocks, codes, to);
      case PAIRS -> pairs(panels, from, blocks, codes, to);
      case PAIRS_AND_BITS -> pairsAndBits(panels, from, blocks, codes, to);
    }
  }

  private static void nibbles(
      MemorySegment panels, long from, int stride, int blocks, MemorySegment codes, long to) {
    for (int i = 0; i < blocks * 256; i += VECTOR_BYTES) {
      long block = from + (long) (i >> 8) * stride;
      ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + (i & 255), ORDER);
      long at = to + (i >> 8) * (long) BLOCK_BYTES + (i & 255);
      v.and(FOUR_BITS).intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8).and(FOUR_BITS).intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 4).and(FOUR_BITS).intoMemorySegment(codes, at + HALF, ORDER);
      v.lanewise(LSHR, 12).intoMemorySegment(codes, at + HALF + ODD, ORDER);
    }
  }

  private static void nibblesAndBits(
      MemorySegment panels, long from, int stride, int blocks, MemorySegment codes, long to) {
    for (int i = 0; i < blocks * 256; i += VECTOR_BYTES) {
      long block = from + (long) (i >> 8) * stride;
      ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + (i & 255), ORDER);
      ShortVector bits =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + 256 + (i & 63), ORDER)
              .lanewise(LSHR, i >> 6 & 3);
      long at = to + (i >> 8) * (long) BLOCK_BYTES + (i & 255);
      v.and(FOUR_BITS)
          .or(bits.lanewise(LSHL, 4).and(FIFTH_BIT))
          .sub(FIFTH_BIT)
          .intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8)
          .and(FOUR_BITS)
          .or(bits.lanewise(LSHR, 4).and(FIFTH_BIT))
          .sub(FIFTH_BIT)
          .intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 4)
          .and(FOUR_BITS)
          .or(bits.and(FIFTH_BIT))
          .sub(FIFTH_BIT)
          .intoMemorySegment(codes, at + HALF, ORDER);
      v.lanewise(LSHR, 12)
          .or(bits.lanewise(LSHR, 8).and(FIFTH_BIT))
          .sub(FIFTH_BIT)
          .intoMemorySegment(codes, at + HALF + ODD, ORDER);
    }
  }

  private static void nibblesAndPairs(
      MemorySegment panels, long from, int blocks, MemorySegment codes, long to) {
    for (int i = 0; i < blocks * 256; i += VECTOR_BYTES) {
      long block = from + (i >> 8) * 384L;
      int shift = i >> 5 & 6;
      ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + (i & 255), ORDER);
      ShortVector first =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + 256 + (i & 63), ORDER)
              .lanewise(LSHR, shift);
      ShortVector last =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + 320 + (i & 63), ORDER)
              .lanewise(LSHR, shift);
      long at = to + (i >> 8) * (long) BLOCK_BYTES + (i & 255);
      v.and(FOUR_BITS)
          .or(first.lanewise(LSHL, 4).and(UPPER_BITS))
          .sub(CENTER)
          .intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8)
          .and(FOUR_BITS)
          .or(first.lanewise(LSHR, 4).and(UPPER_BITS))
          .sub(CENTER)
          .intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 4)
          .and(FOUR_BITS)
          .or(last.lanewise(LSHL, 4).and(UPPER_BITS))
          .sub(CENTER)
          .intoMemorySegment(codes, at + HALF, ORDER);
      v.lanewise(LSHR, 12)
          .or(last.lanewise(LSHR, 4).and(UPPER_BITS))
          .sub(CENTER)
          .intoMemorySegment(codes, at + HALF + ODD, ORDER);
    }
  }

  private static void pairs(
      MemorySegment panels, long from, int blocks, MemorySegment codes, long to) {
    for (int i = 0; i < blocks * 128; i += VECTOR_BYTES) {
      ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, from + i, ORDER);
      long at = to + (i >> 6) * (long) HALF + (i & 63);
      v.and(TWO_BITS).intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 2).and(TWO_BITS).intoMemorySegment(codes, at + 64, ORDER);
      v.lanewise(LSHR, 4).and(TWO_BITS).intoMemorySegment(codes, at + 128, ORDER);
      v.lanewise(LSHR, 6).and(TWO_BITS).intoMemorySegment(codes, at + 192, ORDER);
      v.lanewise(LSHR, 8).and(TWO_BITS).intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 10).and(TWO_BITS).intoMemorySegment(codes, at + ODD + 64, ORDER);
      v.lanewise(LSHR, 12).and(TWO_BITS).intoMemorySegment(codes, at + ODD + 128, ORDER);
      v.lanewise(LSHR, 14).intoMemorySegment(codes, at + ODD + 192, ORDER);
    }
  }

  private static void pairsAndBits(
      MemorySegment panels, long from, int blocks, MemorySegment codes, long to) {
    // Four bits of the counter above the place in a group of 64 bytes: the half, then the column.
    for (int i = 0; i < blocks * 512; i += VECTOR_BYTES) {
      long block = from + (i >> 9) * 192L;
      int half = i >> 8 & 1;
      int column = i >> 6 & 3;
      ShortVector v =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + 64 * half + (i & 63), ORDER)
              .lanewise(LSHR, 2 * column);
      ShortVector bits =
          ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + 128 + (i & 63), ORDER)
              .lanewise(LSHR, 4 * half + column);
      long at = to + (i >> 8) * (long) HALF + (i & 255);
      v.and(TWO_BITS).or(bits.and(ONE_BIT).lanewise(LSHL, 2)).intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8)
          .and(TWO_BITS)
          .or(bits.lanewise(LSHR, 8).and(ONE_BIT).lanewise(LSHL, 2))
          .intoMemorySegment(codes, at + ODD, ORDER);
    }
  }

  private static void bytes(
      MemorySegment panels,
      long from,
      int stride,
      int blocks,
      MemorySegment codes,
      long to,
      long planeBytes) {
    for (int i = 0; i < blocks * 512; i += VECTOR_BYTES) {
      long block = from + (long) (i >> 9) * stride;
      ShortVector v = ShortVector.fromMemorySegment(Lanes.SHORTS, panels, block + (i & 511), ORDER);
      long at = to + (i >> 8) * (long) HALF + (i & 255);
      v.and(FOUR_BITS).intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8).and(FOUR_BITS).intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 4).and(FOUR_BITS).intoMemorySegment(codes, at + planeBytes, ORDER);
      v.lanewise(LSHR, 12).intoMemorySegment(codes, at + planeBytes + ODD, ORDER);
    }
  }

  private static void lookUp(
      ByteVector book,
      MemorySegment panels,
      long from,
      int stride,
      int blocks,
      MemorySegment codes,
      long to,
      long planeBytes) {
    // Each vector is visited twice: for its low nibbles, then for its high ones.
    for (int i = 0; i < blocks * 512; i += VECTOR_BYTES) {
      long at = to + (i >> 8) * (long) HALF + (i & 255);
      ByteVector places =
          ShortVector.fromMemorySegment(
                  Lanes.SHORTS, panels, from + (long) (i >> 9) * stride + (i & 255), ORDER)
              .lanewise(LSHR, i >> 6 & 4)
              .reinterpretAsBytes()
              .and(NIBBLE);
      ShortVector v = places.selectFrom(book).reinterpretAsShorts();
      v.and(FOUR_BITS).intoMemorySegment(codes, at, ORDER);
      v.lanewise(LSHR, 8).and(FOUR_BITS).intoMemorySegment(codes, at + ODD, ORDER);
      v.lanewise(LSHR, 4).and(FOUR_BITS).intoMemorySegment(codes, at + planeBytes, ORDER);
      v.lanewise(LSHR, 12).intoMemorySegment(codes, at + planeBytes + ODD, ORDER);
    }
  }

  /// A form's codebook, ready to be looked up; zeros where it has none.
  static ByteVector book(QuantForm form) {
    byte[] values = new byte[Lanes.BYTES.length()];
    for (int i = 0; i < values.length && form.hasBook(); i++) {
      values[i] = (byte) form.book()[i % 16];
    }
    return ByteVector.fromArray(Lanes.BYTES, values, 0);
  }
}
