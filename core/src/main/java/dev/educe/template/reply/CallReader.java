package dev.educe.template.reply;

/// Reads a single call, or the arguments of one.
interface CallReader {
  /// Takes a character, unless the outcome says otherwise.
  Progress accept(char c);

  /// What came before a character that was not taken, and was not taken either.
  default String untaken() {
    return "";
  }

  /// The reply ended by itself here: ends a call that is whole but for its last marker.
  default void finish() {}
}
