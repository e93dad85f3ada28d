package dev.educe.tokenizer;

/// `\s+$`: cuts before the spaces at the end.
///
/// A matcher that tries each run of spaces from each of its characters takes quadratic time.
final class TrailingSpace implements Stage {
  private static final CharClass SPACE = CharClass.of("\\s");

  @Override
  public void split(CharSequence text, int from, int to, Ids ends) {
    int begin = to;
    while (begin > from && SPACE.has(text.charAt(begin - 1))) { // no space has two halves
      begin--;
    }
    if (begin > from && begin < to) {
      ends.add(begin);
    }
    ends.add(to);
  }
}
