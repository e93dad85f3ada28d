package dev.educe.tokenizer;

/// Cuts numbers into groups of three digits counted from the right, as people write them.
///
/// Runs of character classes cannot say that, and a matcher that looks ahead to the end of the
/// number from each digit takes quadratic time.
enum DigitGroups implements Stage {
  /// `(?=(\d{3})+(?!\d))`: cuts before each whole group.
  BEFORE_WHOLE_GROUPS("\\d"),
  /// `\d{1,3}(?=(?:\d{3})*\b)`: cuts around each group of a number that ends a word.
  OF_WORDS("\\d"),
  /// `[^\p{N}]*\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))`: cuts after each group.
  AFTER_GROUPS("\\p{N}");

  // What \b takes for a part of a word, beside the alphabetic.
  private static final CharClass WORD = CharClass.of("[\\p{M}\\d\\p{Pc}]");

  private final CharClass digit;

  DigitGroups(String digit) {
    this.digit = CharClass.of(digit);
  }

  @Override
  public void split(CharSequence text, int from, int to, Ids ends) {
    for (int at = from; at < to; ) {
      int digits = 0;
      int end = at;
      while (end < to && digit.has(Character.codePointAt(text, end))) {
        end = next(text, end);
        digits++;
      }
      if (digits == 0) {
        at = next(text, at);
      } else {
        if (this != OF_WORDS || end == to || !isWord(Character.codePointAt(text, end))) {
          cut(text, at, end, digits, from, ends);
        }
        at = end;
      }
    }
    if (ends.size() == 0 || ends.last() < to) {
      ends.add(to);
    }
  }

  private void cut(CharSequence text, int begin, int end, int digits, int from, Ids ends) {
    int place = begin;
    for (int left = digits; left > 0; left--) {
      boolean here =
          left < digits
              ? left % 3 == 0
              : switch (this) {
                case BEFORE_WHOLE_GROUPS -> left % 3 == 0;
                case OF_WORDS -> true;
                case AFTER_GROUPS -> false;
              };
      if (here) {
        cut(place, from, ends);
      }
      place = next(text, place);
    }
    if (this != BEFORE_WHOLE_GROUPS) {
      cut(end, from, ends);
    }
  }

  private static void cut(int place, int from, Ids ends) {
    int before = ends.size() == 0 ? from : Math.max(from, ends.last());
    if (place > before) {
      ends.add(place);
    }
  }

  private static int next(CharSequence text, int at) {
    return at + Character.charCount(Character.codePointAt(text, at));
  }

  private static boolean isWord(int c) {
    return Character.isAlphabetic(c) || WORD.has(c);
  }
}
