package dev.educe.tokenizer;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;
import java.util.stream.IntStream;

/// Makes the pairs of a SentencePiece vocabulary, which has scores in place of a list of merges.
///
/// Any two neighbours whose texts together are a token may merge, the token of the highest score
/// first. The pairs of a token are its cuts into two symbols, and found without trying all cuts:
/// its beginnings that are symbols form a chain from the longest to the shortest, in sorted order
/// each found from the one before; likewise its ends, in the order of the reversed texts. The time
/// is that of sorting the texts.
final class ScoreMerges {
  private final Symbols symbols;
  private final String[] texts; // [symbols]; null for a symbol that text cannot become
  private final int[] beginnings; // [symbols]; the longest other symbol that the text begins with
  private final int[] ends; // [symbols]; the longest other symbol that the text ends with

  private ScoreMerges(Symbols symbols) {
    this.symbols = symbols;
    this.texts = new String[symbols.count()];
    var reversed = new String[symbols.count()];
    for (int symbol = 0; symbol < texts.length; symbol++) {
      String text = symbols.text(symbol);
      if (symbols.find(text) == symbol) {
        texts[symbol] = text;
        // Not StringBuilder.reverse, which keeps the halves of a character in order.
        reversed[symbol] = reverse(text);
      }
    }
    this.beginnings = longestBeginnings(texts);
    this.ends = longestBeginnings(reversed);
  }

  /// @param scores of the tokens, none of them NaN
  /// @param symbols learns the characters that no token spells alone
  static Merges of(float[] scores, Symbols symbols) {
    var characters = new BitSet();
    for (int token = 0; token < scores.length; token++) {
      String text = symbols.text(token);
      if (symbols.find(text) == token) {
        for (int at = 0, c; at < text.length(); at += Character.charCount(c)) {
          c = text.codePointAt(at);
          characters.set(c);
        }
      }
    }
    characters.stream().mapToObj(Character::toString).forEach(symbols::of);
    return new ScoreMerges(symbols).merges(ranks(scores));
  }

  private Merges merges(int[] ranks) {
    var merges = new Merges.Builder();
    var chain = new Ids(); // ends of a token, the longest first
    for (int token = 0; token < ranks.length; token++) {
      if (texts[token] == null) {
        continue;
      }
      chain.clear();
      for (int end = ends[token]; end >= 0; end = ends[end]) {
        chain.add(end);
      }
      int shortest = chain.size() - 1;
      int length = texts[token].length();
      for (int left = beginnings[token]; left >= 0; left = beginnings[left]) {
        int rest = length - texts[left].length();
        while (shortest >= 0 && texts[chain.get(shortest)].length() < rest) {
          shortest--;
        }
        if (shortest >= 0 && texts[chain.get(shortest)].length() == rest) {
          merges.add(left, chain.get(shortest), ranks[token], token);
        }
      }
    }
    return merges.build(symbols.count());
  }

  /// Ranks by falling score; equal scores have equal ranks.
  private static int[] ranks(float[] scores) {
    var order = new long[scores.length]; // falling score, then token
    for (int token = 0; token < order.length; token++) {
      int bits = Float.floatToIntBits(scores[token] + 0f); // no negative zero
      int rising = bits < 0 ? ~bits ^ Integer.MIN_VALUE : bits;
      order[token] = (long) ~rising << 32 | token;
    }
    Arrays.sort(order);
    var ranks = new int[scores.length];
    for (int i = 1; i < order.length; i++) {
      boolean lower = order[i] >> 32 != order[i - 1] >> 32;
      ranks[(int) order[i]] = ranks[(int) order[i - 1]] + (lower ? 1 : 0);
    }
    return ranks;
  }

  /// Of each text the longest other one that it begins with, or -1.
  private static int[] longestBeginnings(String[] texts) {
    var order =
        IntStream.range(0, texts.length)
            .filter(i -> texts[i] != null)
            .boxed()
            .toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> texts[a].compareTo(texts[b]));
    var longest = new int[texts.length];
    var open = new ArrayDeque<Integer>(); // beginnings of the text before, the longest on top
    for (int i : order) {
      while (!open.isEmpty() && !texts[i].startsWith(texts[open.peek()])) {
        open.pop();
      }
      longest[i] = open.isEmpty() ? -1 : open.peek();
      open.push(i);
    }
    return longest;
  }

  private static String reverse(String text) {
    var reversed = new char[text.length()];
    for (int i = 0; i < reversed.length; i++) {
      reversed[i] = text.charAt(reversed.length - 1 - i);
    }
    return new String(reversed);
  }
}
