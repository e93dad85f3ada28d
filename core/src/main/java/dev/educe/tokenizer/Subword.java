package dev.educe.tokenizer;

/// Turns text without special tokens into ids. Thread-safe.
interface Subword {
  /// @param text well-formed UTF-16, not empty
  void encode(String text, Ids ids);

  /// The bytes of a token that is text.
  byte[] bytes(int token);

  /// Whether it begins each text with a space of its own, which decoding takes away.
  boolean addsSpace();
}
