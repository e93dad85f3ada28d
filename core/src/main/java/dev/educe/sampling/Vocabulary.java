package dev.educe.sampling;

import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// What samplers know of a model's tokens: which of them end a sequence, and what texts they hold.
///
/// One for a model. Thread-safe if what it is made of is.
public final class Vocabulary {
  /// No tokens: nothing ends a sequence, and no text breaks a repetition.
  public static final Vocabulary UNKNOWN =
      new Vocabulary(0, _ -> new byte[0], _ -> new int[0], _ -> false);

  /// Sets of breakers that are kept; most requests have the same.
  private static final int BREAKERS_KEPT = 16;

  private final int size;
  private final IntFunction<byte[]> bytes;
  private final Function<String, int[]> encode;
  private final int[] ends;
  private final ConcurrentHashMap<List<String>, Breakers> breakers = new ConcurrentHashMap<>();

  /// @param size how many tokens there are
  /// @param bytes what a token stands for, perhaps a part of a character
  /// @param encode the ids of a plain text
  /// @param ends whether a token ends a sequence
  public Vocabulary(
      int size, IntFunction<byte[]> bytes, Function<String, int[]> encode, IntPredicate ends) {
    this.size = size;
    this.bytes = bytes;
    this.encode = encode;
    this.ends = IntStream.range(0, size).filter(ends).toArray();
  }

  /// The tokens that end a sequence, ascending.
  int[] ends() {
    return ends;
  }

  /// The tokens of texts that break repetitions; the first time they are asked for, the whole
  /// vocabulary is searched.
  Breakers breakers(List<String> texts) {
    Breakers known = breakers.get(texts);
    if (known == null) {
      known = Breakers.of(texts, size, bytes, encode);
      if (breakers.size() < BREAKERS_KEPT) {
        breakers.put(texts, known);
      }
    }
    return known;
  }
}
