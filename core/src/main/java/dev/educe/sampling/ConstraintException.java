package dev.educe.sampling;

/// Says that a [Constraint] leaves no token, or does not take one that it allowed.
public final class ConstraintException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message one sentence that says what was found and where
  public ConstraintException(String message) {
    super(message);
  }
}
