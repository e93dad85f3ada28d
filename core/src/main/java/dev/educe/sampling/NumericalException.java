package dev.educe.sampling;

/// Says that a model's output holds no probabilities: NaN, an infinite logit, or nothing possible.
///
/// No token is ever drawn from such a row, because any would be an accident.
public final class NumericalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message one sentence that says what was found and where
  public NumericalException(String message) {
    super(message);
  }
}
