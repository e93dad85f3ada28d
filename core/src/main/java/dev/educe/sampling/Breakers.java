package dev.educe.sampling;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.IntFunction;

/// The sequences of tokens that break a repetition, found from texts.
///
/// A token that holds a text is a breaker by itself. A token that ends in the beginning of one is,
/// if the tokens of the rest follow: its tail.
///
/// Immutable.
///
/// Source: llama.cpp `get_overlapping_token_sequences`, after KoboldCpp.
final class Breakers {
  /// Tokens of a tail that are compared.
  private static final int TAIL_MAX = 20;

  private final BitSet alone;
  private final BitSet heads = new BitSet();
  private final int[] tailed; // heads that have tails, ascending
  private final int[][][] tails; // theirs

  private Breakers(BitSet alone, TreeMap<Integer, List<int[]>> tails) {
    this.alone = alone;
    this.tailed = tails.keySet().stream().mapToInt(Integer::intValue).toArray();
    this.tails =
        tails.values().stream().map(each -> each.toArray(int[][]::new)).toArray(int[][][]::new);
    heads.or(alone);
    tails.keySet().forEach(heads::set);
  }

  /// @param bytes what a token stands for
  /// @param encode the ids of a plain text
  static Breakers of(
      List<String> texts, int size, IntFunction<byte[]> bytes, Function<String, int[]> encode) {
    var alone = new BitSet();
    var tails = new TreeMap<Integer, List<int[]>>();
    // Bytes as characters, so that a part of a character can be looked for.
    List<String> wanted =
        texts.stream().map(text -> latin(text.getBytes(StandardCharsets.UTF_8))).toList();
    for (int id = 0; id < size; id++) {
      String token = latin(bytes.apply(id));
      for (String text : wanted) {
        if (token.contains(text)) {
          alone.set(id);
        } else {
          for (int[] tail : overlaps(token, text, encode)) {
            tails.computeIfAbsent(id, _ -> new ArrayList<>()).add(tail);
          }
        }
      }
    }
    return new Breakers(alone, tails);
  }

  /// The tokens of each rest of a text whose beginning ends a token.
  private static List<int[]> overlaps(String token, String text, Function<String, int[]> encode) {
    var found = new ArrayList<int[]>();
    for (int length = 1; length < Math.min(text.length(), token.length() + 1); length++) {
      boolean cutsCharacter = (text.charAt(length) & 0xc0) == 0x80;
      if (!cutsCharacter && token.endsWith(text.substring(0, length))) {
        byte[] rest = text.substring(length).getBytes(StandardCharsets.ISO_8859_1);
        int[] tail = encode.apply(new String(rest, StandardCharsets.UTF_8));
        found.add(tail.length > TAIL_MAX ? Arrays.copyOf(tail, TAIL_MAX) : tail);
      }
    }
    return found;
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  /// Whether a token is a breaker by itself.
  boolean isBreaker(int id) {
    return alone.get(id);
  }

  /// How many tokens stand after the last breaker, at most `searched`.
  int lengthToBreaker(Candidates candidates, int searched) {
    int last = candidates.tokenCount() - 1;
    for (int after = 0; after < searched; after++) {
      int head = candidates.token(last - after);
      if (heads.get(head)) {
        int length = longestTail(candidates, head, last - after + 1);
        if (length >= 0) {
          return after - length;
        }
      }
    }
    return searched;
  }

  /// How many tokens of the longest tail follow, or -1 if the head alone breaks nothing.
  private int longestTail(Candidates candidates, int head, int from) {
    int longest = alone.get(head) ? 0 : -1;
    int place = Arrays.binarySearch(tailed, head);
    if (place < 0) {
      return longest;
    }
    for (int[] tail : tails[place]) {
      boolean follows = tail.length > longest && tail.length <= candidates.tokenCount() - from;
      for (int j = 0; follows && j < tail.length; j++) {
        follows = candidates.token(from + j) == tail[j];
      }
      longest = follows ? tail.length : longest;
    }
    return longest;
  }
}
