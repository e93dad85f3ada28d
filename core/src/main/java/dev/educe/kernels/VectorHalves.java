package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// Halves as floats, for which the Vector API has no conversion.
///
/// Moved to where a float has exponent and mantissa, a half is by 2¹¹² too small, the subnormal
/// ones too: a product puts that right, exactly. What was infinite or no number gets the highest
/// exponent.
final class VectorHalves {
  /// Mantissa bits of a float less those of a half.
  static final int PLACES = 13;

  /// What is left of a moved half: all but copies of the sign.
  static final IntVector BITS = IntVector.broadcast(Lanes.INTS, 0x8fffe000);

  private static final IntVector MAGNITUDE = IntVector.broadcast(Lanes.INTS, 0x0fffe000);

  /// The magnitude of the largest half.
  private static final IntVector LARGEST = IntVector.broadcast(Lanes.INTS, 0x0f7fe000);

  /// Added to a moved half, it reaches [#OVERFLOW] where that is infinite or no number.
  static final IntVector EXPONENT_UNIT = IntVector.broadcast(Lanes.INTS, 0x00800000);

  static final int OVERFLOW = 0x10000000;

  /// What a moved half is multiplied with.
  static final float POWER = 0x1p112f;

  private static final IntVector INFINITE = IntVector.broadcast(Lanes.INTS, 0x7f800000);
  private static final IntVector ZERO = IntVector.zero(Lanes.INTS);
  private static final IntVector ONE = IntVector.broadcast(Lanes.INTS, 1);

  private VectorHalves() {}

  /// Converts `count` halves, whole vectors of 32-bit lanes.
  ///
  /// @param to where they go in `floats`
  static void load(MemorySegment memory, long at, int count, float[] floats, int to) {
    for (int i = 0; i < count; i += Lanes.COUNT) {
      IntVector half =
          (IntVector)
              ShortVector.fromMemorySegment(
                      Lanes.HALF_SHORTS, memory, at + 2L * i, ByteOrder.LITTLE_ENDIAN)
                  .convertShape(S2I, Lanes.INTS, 0);
      half = half.lanewise(LSHL, PLACES).and(BITS);
      IntVector infinite = half.and(MAGNITUDE).sub(LARGEST).max(ZERO).min(ONE).mul(INFINITE);
      FloatVector scaled = half.reinterpretAsFloats().mul(POWER);
      scaled.reinterpretAsInts().or(infinite).reinterpretAsFloats().intoArray(floats, to + i);
    }
  }
}
