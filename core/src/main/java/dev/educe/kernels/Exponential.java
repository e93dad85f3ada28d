package dev.educe.kernels;

/// The contract's one `exp` and one `log`: polynomials with fused steps, the same in every
/// implementation.
///
/// Both reduce their argument to a small interval around zero, where a minimax polynomial (fitted
/// by Remez exchange; the residual is far below half a unit in the last place) takes over. Errors
/// are bounded in `docs/internals/precision.md`.
public final class Exponential {
  /// Below this `exp` is zero; its last result before is still a normal number.
  public static final float EXP_MIN = -87.3f;

  /// The largest argument whose `exp` is finite.
  public static final float EXP_MAX = 88.72283f;

  /// Added and taken away again it leaves the nearest integer, ties to even, which then also stands
  /// in the low bits: 1.5 · 2²³.
  public static final float ROUNDER = 12_582_912f;

  public static final float LOG2_E = 1.442695f;
  // ln 2 in two parts, since one float of it would leave an error of n times its rounding.
  public static final float LN2_HIGH = 0x1.62e43p-1f;
  public static final float LN2_LOW = -0x1.05c610p-29f;

  // exp(r) = 1 + r + r² · (E2 + r · (E3 + …)) for |r| ≤ ln 2 / 2, within 2⁻²⁸.
  public static final float E2 = 0.5f;
  public static final float E3 = 0.16666518f;
  public static final float E4 = 0.041666206f;
  public static final float E5 = 0.008368953f;
  public static final float E6 = 0.0013950603f;

  // log(1 + f) = f − f² / 2 + f³ · (L3 + f · (L4 + …)) for √½ ≤ 1 + f < √2, within 2⁻³⁰.
  private static final float L3 = 0.3333331f;
  private static final float L4 = -0.24999987f;
  private static final float L5 = 0.20002227f;
  private static final float L6 = -0.16669253f;
  private static final float L7 = 0.14218664f;
  private static final float L8 = -0.12384335f;
  private static final float L9 = 0.11872924f;
  private static final float L10 = -0.11789866f;
  private static final float L11 = 0.06915546f;

  private static final int SQRT_HALF_BITS = Float.floatToRawIntBits(0x1.6a09e6p-1f);
  private static final int EXPONENT_BITS = 23;

  private Exponential() {}

  /// e to the power of x: +0 below −87.3, +∞ above 88.72283, exactly 1 at zero, NaN for NaN.
  public static float exp(float x) {
    if (x < EXP_MIN) {
      return 0f;
    }
    if (x > EXP_MAX) {
      return Float.POSITIVE_INFINITY;
    }
    if (x != x) {
      return x;
    }
    float rounded = Math.fma(x, LOG2_E, ROUNDER);
    float n = rounded - ROUNDER;
    float r = Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
    float p = Math.fma(Math.fma(E6, r, E5), r, E4);
    p = Math.fma(Math.fma(p, r, E3), r, E2);
    p = Math.fma(Math.fma(p, r, 1f), r, 1f);
    // The polynomial lies between √½ and √2; n is added to its exponent. The rounder's own bits are
    // shifted out.
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(rounded) << EXPONENT_BITS));
  }

  /// The natural logarithm of x: −∞ at zero, NaN below and for NaN, +∞ for +∞, exactly +0 at 1.
  public static float log(float x) {
    if (!(x > 0f)) {
      return x == 0f ? Float.NEGATIVE_INFINITY : Float.NaN;
    }
    if (x == Float.POSITIVE_INFINITY) {
      return x;
    }
    int exponent = 0;
    if (x < Float.MIN_NORMAL) {
      x *= 0x1p24f;
      exponent = -24;
    }
    // The exponent that leaves a factor between √½ and √2.
    int bits = Float.floatToRawIntBits(x);
    int n = (bits - SQRT_HALF_BITS) >> EXPONENT_BITS;
    float f = Float.intBitsToFloat(bits - (n << EXPONENT_BITS)) - 1f;
    float e = exponent + n;
    float square = f * f;
    float p = Math.fma(Math.fma(L11, f, L10), f, L9);
    p = Math.fma(Math.fma(p, f, L8), f, L7);
    p = Math.fma(Math.fma(p, f, L6), f, L5);
    p = Math.fma(Math.fma(p, f, L4), f, L3);
    float low = Math.fma(e, LN2_LOW, p * (square * f));
    low = Math.fma(-0.5f, square, low);
    return Math.fma(e, LN2_HIGH, f + low);
  }
}
