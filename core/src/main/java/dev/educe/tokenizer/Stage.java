package dev.educe.tokenizer;

/// Cuts a stretch of text into pieces; a pre-tokenizer is some of these, one after the other.
///
/// The time taken is proportional to the length of the text, whatever it holds.
interface Stage {
  /// Cuts `text` from `from` to `to` and never between two halves of a character.
  ///
  /// @param ends receives the end of each piece, ascending; the last is `to`
  void split(CharSequence text, int from, int to, Ids ends);
}
