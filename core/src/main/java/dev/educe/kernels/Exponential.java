package dev.educe.kernels;

/// The contract's one `exp` and one `log`: polynomials with fused steps, the same in every
/// implementation.
public final class Exponential {
  private Exponential() {}

  /// e to the power of x.
  public static float exp(float x) {
    throw new UnsupportedOperationException();
  }

  /// The natural logarithm of x.
  public static float log(float x) {
    throw new UnsupportedOperationException();
  }
}
