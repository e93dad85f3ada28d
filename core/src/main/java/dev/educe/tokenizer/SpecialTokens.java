package dev.educe.tokenizer;

import java.util.BitSet;
import java.util.Comparator;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// Finds tokens that stand in a text by their spelling, as `<|im_end|>`, at each place the longest.
///
/// The spellings are sorted, so those that go on as the text does are always a range of them. The
/// time for a place is that of the longest spelling at most, and nothing for most places.
final class SpecialTokens {
  private final int[] tokens; // by spelling
  private final String[] spellings; // ascending
  private final BitSet firsts = new BitSet(); // the characters that spellings begin with

  /// @param isSpecial which tokens are looked for; their spellings are not empty
  SpecialTokens(Vocabulary vocabulary, IntPredicate isSpecial) {
    this.tokens =
        IntStream.range(0, vocabulary.size())
            .filter(isSpecial)
            .boxed()
            .sorted(Comparator.comparing(vocabulary::piece))
            .mapToInt(Integer::intValue)
            .toArray();
    this.spellings = IntStream.of(tokens).mapToObj(vocabulary::piece).toArray(String[]::new);
    for (String spelling : spellings) {
      firsts.set(spelling.charAt(0));
    }
  }

  /// The token with the longest spelling that stands in the text at this place, or -1.
  ///
  /// @param end where the spelling must end at the latest; at most the text's length
  int longestAt(String text, int at, int end) {
    if (!firsts.get(text.charAt(at))) {
      return -1;
    }
    int longest = -1;
    int from = 0; // the spellings that have gone on as the text does
    int to = spellings.length;
    for (int depth = 0; from < to && at + depth < end; depth++) {
      char c = text.charAt(at + depth);
      from = firstFrom(c, depth, from, to);
      to = firstFrom(c + 1, depth, from, to);
      if (from < to && spellings[from].length() == depth + 1) {
        longest = tokens[from];
      }
    }
    return longest;
  }

  /// The first spelling in a range whose character at a depth is not below this one.
  private int firstFrom(int character, int depth, int from, int to) {
    int low = from;
    int high = to;
    while (low < high) {
      int middle = (low + high) >>> 1;
      String spelling = spellings[middle];
      if (spelling.length() <= depth || spelling.charAt(depth) < character) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
