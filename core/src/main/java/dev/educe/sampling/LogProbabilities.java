package dev.educe.sampling;

import java.lang.foreign.MemorySegment;

/// How likely a model found a token, and which tokens it found likeliest.
///
/// Probabilities are the model's own: of the logits as they come, before any bias, penalty, mask,
/// truncation or temperature, as vLLM's default `raw_logprobs`. The logarithm is natural. The sum
/// under it is made of whole parts of 2⁻⁴⁰, exact and without an order.
///
/// Good for the row that a token was chosen from as well as for rows of a prompt. Immutable.
public final class LogProbabilities {
  private static final int[] NO_TOKENS = {};

  private final int token;
  private final float logProbability;
  private final int[] likeliest;
  private final float[] logProbabilities;

  private LogProbabilities(
      int token, float logProbability, int[] likeliest, float[] logProbabilities) {
    this.token = token;
    this.logProbability = logProbability;
    this.likeliest = likeliest;
    this.logProbabilities = logProbabilities;
  }

  /// @param logits F32 `[vocabularySize]`, borrowed
  /// @param token the one that follows, whoever chose it
  /// @param count how many of the likeliest tokens to name, 0 or more; no more than there are
  /// @param scratch of the vocabulary's size, used for this call
  /// @throws NumericalException if a logit is NaN or +infinity, or none is finite
  /// @throws IllegalArgumentException if `logits` has another size than `scratch`, or `token` or
  ///   `count` is out of range
  public static LogProbabilities of(
      MemorySegment logits, int token, int count, Candidates scratch) {
    int size = scratch.vocabularySize();
    Setting.check(token >= 0 && token < size, "token", "0 to " + (size - 1), token);
    Setting.check(count >= 0, "count", "0 or more", count);
    scratch.begin(logits, NO_TOKENS, 0);
    long total = scratch.totalWeight();
    var ids = new int[Math.min(count, size)];
    var values = new float[ids.length];
    if (ids.length > 0) {
      scratch.keepBest(ids.length);
    }
    for (int rank = 0; rank < ids.length; rank++) {
      ids[rank] = scratch.id(rank);
      values[rank] = scratch.logProbability(ids[rank], total);
    }
    return new LogProbabilities(token, scratch.logProbability(token, total), ids, values);
  }

  /// The token that follows.
  public int token() {
    return token;
  }

  /// Its logarithm of probability; −infinity if it was excluded.
  public float logProbability() {
    return logProbability;
  }

  /// How many of the likeliest tokens are named.
  public int count() {
    return likeliest.length;
  }

  /// A token by rank, the likeliest first and equals by lower id.
  ///
  /// @throws IndexOutOfBoundsException if the rank is not below [#count]
  public int token(int rank) {
    return likeliest[rank];
  }

  /// The logarithm of probability of the token of a rank.
  ///
  /// @throws IndexOutOfBoundsException if the rank is not below [#count]
  public float logProbability(int rank) {
    return logProbabilities[rank];
  }
}
