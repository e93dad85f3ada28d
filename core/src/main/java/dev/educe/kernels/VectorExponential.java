package dev.educe.kernels;

import static dev.educe.kernels.Exponential.E2;
import static dev.educe.kernels.Exponential.E3;
import static dev.educe.kernels.Exponential.E4;
import static dev.educe.kernels.Exponential.E5;
import static dev.educe.kernels.Exponential.E6;
import static dev.educe.kernels.Exponential.EXP_MAX;
import static dev.educe.kernels.Exponential.EXP_MIN;
import static dev.educe.kernels.Exponential.LN2_HIGH;
import static dev.educe.kernels.Exponential.LN2_LOW;
import static dev.educe.kernels.Exponential.LOG2_E;
import static dev.educe.kernels.Exponential.ROUNDER;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/// [Exponential#exp] over the lanes of a vector, step for step the same.
final class VectorExponential {
  private static final int EXPONENT_BITS = 23;

  private VectorExponential() {}

  /// e to the power of each lane.
  static FloatVector exp(FloatVector x) {
    var rounded = x.fma(splat(LOG2_E), splat(ROUNDER));
    var n = rounded.sub(ROUNDER);
    var r = n.fma(splat(-LN2_LOW), n.fma(splat(-LN2_HIGH), x));
    var scaled =
        polynomial(r)
            .reinterpretAsInts()
            .add(rounded.reinterpretAsInts().lanewise(VectorOperators.LSHL, EXPONENT_BITS))
            .reinterpretAsFloats();
    // NaN fails all three comparisons but the last; adding to its bits may have made it a number.
    return scaled
        .blend(0f, x.lt(EXP_MIN))
        .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, EXP_MAX))
        .blend(x, x.test(VectorOperators.IS_NAN));
  }

  private static FloatVector polynomial(FloatVector r) {
    var p = splat(E6).fma(r, splat(E5)).fma(r, splat(E4));
    return p.fma(r, splat(E3)).fma(r, splat(E2)).fma(r, splat(1f)).fma(r, splat(1f));
  }

  private static FloatVector splat(float value) {
    return FloatVector.broadcast(Lanes.FLOATS, value);
  }
}
