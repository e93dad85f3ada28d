package dev.educe.sampling;

import java.util.Objects;

/// The logits of a sequence's next token, to be read and changed, with the tokens before it.
///
/// Used by one thread, while a [LogitsProcessor] runs.
public final class Logits {
  private static final int WORD = Long.SIZE;

  private final Candidates candidates;

  Logits(Candidates candidates) {
    this.candidates = candidates;
  }

  /// How many tokens the vocabulary has.
  public int size() {
    return candidates.vocabularySize();
  }

  /// @throws IndexOutOfBoundsException if there is no such token
  public float at(int id) {
    return candidates.score(id);
  }

  /// Sets a logit; −infinity excludes the token.
  ///
  /// @throws IllegalArgumentException if the logit is NaN or +infinity
  /// @throws IndexOutOfBoundsException if there is no such token
  public void set(int id, float logit) {
    if (!(logit < Float.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a logit must be a number or -infinity, got %s for token %,d".formatted(logit, id));
    }
    candidates.score(id, logit);
  }

  /// Excludes every token whose bit is not set.
  ///
  /// @param allowed `[size / 64, rounded up]`; token `id` is bit `id mod 64` of word `id / 64`
  /// @throws IllegalArgumentException if there are fewer words
  public void allowOnly(long[] allowed) {
    int words = Math.ceilDiv(size(), WORD);
    if (allowed.length < words) {
      throw new IllegalArgumentException(
          "%,d tokens need %,d words of bits, got %,d".formatted(size(), words, allowed.length));
    }
    for (int word = 0; word < words; word++) {
      int first = word * WORD;
      long banned = ~allowed[word];
      if (banned == -1) {
        candidates.exclude(first, Math.min(first + WORD, size()));
        continue;
      }
      while (banned != 0) {
        int id = first + Long.numberOfTrailingZeros(banned);
        if (id < size()) {
          candidates.score(id, Float.NEGATIVE_INFINITY);
        }
        banned &= banned - 1;
      }
    }
  }

  /// How many tokens the sequence has, prompt included: the position of the token to come.
  public int position() {
    return candidates.tokenCount();
  }

  /// A token of the sequence, prompt included.
  ///
  /// @throws IndexOutOfBoundsException if the index is not below [#position]
  public int token(int index) {
    Objects.checkIndex(index, position());
    return candidates.token(index);
  }
}
