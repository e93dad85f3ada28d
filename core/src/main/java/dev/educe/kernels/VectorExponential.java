package dev.educe.kernels;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// [Exponential#exp] over the lanes of a vector, with the same bits.
///
/// The compiler stops inlining, and boxes every vector, when a loop body grows beyond its budget of
/// nodes. Hence constants that are vectors already, and no operation more than needed.
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

  /// e to the power of each lane.
  static FloatVector exp(FloatVector x) {
    var rounded = x.fma(LOG2_E, ROUNDER);
    var n = rounded.sub(ROUNDER);
    var r = n.fma(LN2_LOW, n.fma(LN2_HIGH, x));
    var p = E6.fma(r, E5).fma(r, E4).fma(r, E3).fma(r, E2).fma(r, ONE).fma(r, ONE);
    var exponent = rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, EXPONENT_BITS);
    var scaled = p.reinterpretAsInts().add(exponent).reinterpretAsFloats();
    // The bits of a NaN may have become a number's; zero times x brings it back.
    return x.fma(ZERO, scaled)
        .blend(ZERO, x.compare(VectorOperators.LT, MIN))
        .blend(INFINITY, x.compare(VectorOperators.GT, MAX));
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
