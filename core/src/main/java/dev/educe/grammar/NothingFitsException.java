package dev.educe.grammar;

/// A part of a schema that no value fits: left out where there are others, refused where there are
/// none.
final class NothingFitsException extends GrammarException {
  private static final long serialVersionUID = 1;

  NothingFitsException(GrammarException refusal) {
    super(refusal.getMessage());
  }
}
