package dev.educe.engine;

/// What becomes of a request: tokens, then one end.
public sealed interface Event permits Event.Token, Ended {
  /// A generated token.
  ///
  /// @param id of the token
  /// @param text what it made certain, perhaps nothing
  record Token(int id, String text) implements Event {}
}
