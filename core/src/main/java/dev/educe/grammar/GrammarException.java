package dev.educe.grammar;

/// A schema, pattern or grammar that is wrong, cannot be enforced, or is too large.
///
/// Its message is one sentence for the person who wrote it, and names the place: a JSON pointer, or
/// a line and column.
public sealed class GrammarException extends IllegalArgumentException permits NothingFitsException {
  private static final long serialVersionUID = 1;

  /// @param message what is wrong, and where
  public GrammarException(String message) {
    super(message);
  }
}
