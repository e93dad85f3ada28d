package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Vec.ymm;

import dev.educe.kernels.Activations;

/// Writes how a block of 32 floats becomes bytes and a scale, as the contract quantizes.
///
/// Vectors have 256 bits in every tier: a block is short, and what takes time is its division. The
/// first four registers hold the block; six more are used here, others are free.
final class BlockQuantizer {
  /// Vectors of a block.
  static final int VECTORS = Activations.BLOCK / 8;

  private static final int NOT_LESS = 5; // of vcmpps
  private static final int ORDERED = 7;

  private final Vec amax = ymm(4);
  private final Vec spare = ymm(5);
  private final Vec other = ymm(6);
  private final Vec magnitude = ymm(7); // all bits but the sign
  private final Vec full = ymm(8); // 127
  private final Vec least = ymm(9);

  private final Assembler a;

  BlockQuantizer(Assembler a) {
    this.a = a;
  }

  /// Loads the constants.
  void load() {
    a.vbroadcastss(magnitude, a.constant(Integer.MAX_VALUE));
    a.vbroadcastss(full, a.constant(Float.floatToRawIntBits(127f)));
    a.vbroadcastss(least, a.constant(Float.floatToRawIntBits(0x1p-100f)));
  }

  /// Finds the largest magnitude, lane by lane; NaN is above all others.
  Vec emitLargest() {
    for (int i = 0; i < VECTORS; i++) {
      a.vpand(i == 0 ? amax : spare, ymm(i), magnitude);
      if (i > 0) {
        a.vpmaxsd(amax, amax, spare);
      }
    }
    return amax;
  }

  /// Turns the largest magnitudes into the scale, which lies in the first lane, and the floats into
  /// integers.
  Vec emitIntegers() {
    LaneTree.emit(a, amax, spare, a::vpmaxsd);
    Vec mask = other.as(128);
    Vec inverse = spare.as(128);
    Vec scale = amax.as(128);
    a.vcmpps(mask, scale, least.as(128), NOT_LESS);
    a.vdivps(inverse, full.as(128), scale);
    a.vpand(inverse, inverse, mask);
    a.vdivps(scale, scale, full.as(128));
    a.vpand(scale, scale, mask);
    a.vbroadcastss(spare, inverse);
    for (int i = 0; i < VECTORS; i++) {
      a.vmulps(ymm(i), ymm(i), spare);
      a.vcvtps2dq(ymm(i), ymm(i));
    }
    return scale;
  }

  /// Makes all integers zero if the scale is not finite.
  void emitZeros() {
    Vec mask = other.as(128);
    a.vsubps(mask, amax.as(128), amax.as(128));
    a.vcmpps(mask, mask, mask, ORDERED);
    a.vbroadcastss(other, mask);
    for (int i = 0; i < VECTORS; i++) {
      a.vpand(ymm(i), ymm(i), other);
    }
  }

  /// Stores the integers as 32 bytes.
  void emitBytes(Mem target) {
    // The lower 128 bits get the elements 0 to 3, 8 to 11 and so on, the upper ones the rest.
    a.vpackssdw(ymm(0), ymm(0), ymm(1));
    a.vpackssdw(ymm(2), ymm(2), ymm(3));
    a.vpacksswb(ymm(0), ymm(0), ymm(2));
    Vec low = ymm(0).as(128);
    Vec high = ymm(1).as(128);
    Vec result = ymm(2).as(128);
    a.vextracti128(high, ymm(0), 1);
    a.vunpcklps(result, low, high);
    a.vmovups(target, result);
    a.vunpckhps(result, low, high);
    a.vmovups(target.plus(16), result);
  }
}
