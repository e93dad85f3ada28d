package dev.educe.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// [Exponential#exp] over arrays, with the same bits.
///
/// No method of vector kernels takes or returns a vector: where the compiler has had enough of
/// inlining, such a call would box every one, and whether it has depends on what was compiled
/// before. Hence arrays, and constants that are vectors already.
final class VectorExponential {
  private static final int EXPONENT_BITS = 23;

  private static final FloatVector ZERO = splat(0f);
  private static final FloatVector INFINITY = splat(Float.POSITIVE_INFINITY);
  private static final FloatVector MIN = splat(Exponential.EXP_MIN);
  private static final FloatVector MAX = splat(Exponential.EXP_MAX);
  private static final FloatVector ROUNDER = splat(Exponential.ROUNDER);
  private static final FloatVector LOG2_E = splat(Exponential.LOG2_E);
  private static final FloatVector LN2_HIGH = splat(-Exponential.LN2_HIGH);
  private static final FloatVector LN2_LOW = splat(-Exponential.LN2_LOW);
  private static final FloatVector ONE = splat(1f);
  private static final FloatVector E2 = splat(Exponential.E2);
  private static final FloatVector E3 = splat(Exponential.E3);
  private static final FloatVector E4 = splat(Exponential.E4);
  private static final FloatVector E5 = splat(Exponential.E5);
  private static final FloatVector E6 = splat(Exponential.E6);

  private VectorExponential() {}

  /// Raises e to the power of each of the first `count` elements, in place; goes on to the end of
  /// the last vector.
  static void exp(float[] x, int count) {
    exp(x, 0, count);
  }

  /// The same for the elements from `from` to before `to`.
  static void exp(float[] x, int from, int to) {
    for (int i = from; i < to; i += Lanes.COUNT) {
      var v = FloatVector.fromArray(Lanes.FLOATS, x, i);
      var rounded = v.fma(LOG2_E, ROUNDER);
      var n = rounded.sub(ROUNDER);
      var r = n.fma(LN2_LOW, n.fma(LN2_HIGH, v));
      var p = E6.fma(r, E5).fma(r, E4).fma(r, E3).fma(r, E2).fma(r, ONE).fma(r, ONE);
      var exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, EXPONENT_BITS);
      var scaled = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
      // The bits of a NaN may have become a number's; zero times v brings it back.
      v.fma(ZERO, scaled)
          .blend(ZERO, v.compare(VectorOperators.LT, MIN))
          .blend(INFINITY, v.compare(VectorOperators.GT, MAX))
          .intoArray(x, i);
    }
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
