package dev.educe.format;

/// Says that a model is valid but of a kind that is not known here: what was asked, what there is.
public final class UnsupportedModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// @param message one sentence that names what was asked and lists what there is
  public UnsupportedModelException(String message) {
    super(message);
  }
}
