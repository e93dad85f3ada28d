package dev.educe.engine;

/// Why a request ended; each ends exactly once.
public enum Finish {
  /// A token that ends a text, or a stop text.
  STOP,
  /// As many tokens as were asked for, or a full context.
  LENGTH,
  /// Its caller gave it up, or its time was over.
  CANCELLED,
  /// It could not be gone on with; the cause says why.
  FAILED
}
