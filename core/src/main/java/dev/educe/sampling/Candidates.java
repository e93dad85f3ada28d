package dev.educe.sampling;

import dev.educe.kernels.Exponential;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The tokens that may come next, with their scores: what the steps of a [Sampler] work on.
///
/// A choice passes through two states. First every token has a score, its logit, and steps change
/// scores. Then steps drop tokens; scores stay as they are. Tokens are ordered by score, higher
/// first, and equal ones by id, lower first; only as many are sorted as somebody looks at.
///
/// The *weight* of a token is `exp((score − highest score) / temperature)` in whole parts of 2⁻⁴⁰,
/// rounded down. Sums of weights are therefore exact and have no order, and no token below 2⁻⁴⁰ of
/// the likeliest is ever drawn.
///
/// Scratch memory: make one for a vocabulary and use it for any number of choices, one at a time.
/// Nothing is allocated after the first.
public final class Candidates {
  /// Parts of the likeliest token's weight. With [#VOCABULARY_MAX] tokens sums stay below 2⁶².
  static final long WEIGHT_ONE = 1L << 40;

  /// Far above any vocabulary, and low enough that sums of weights cannot overflow.
  public static final int VOCABULARY_MAX = 1 << 22;

  /// exp of this is less than one part, so that exp need not be computed below.
  private static final float EXPONENT_MIN = -28;

  private final float[] scores; // [vocabularySize], by id
  private final Ranking ranking; // what is left, by score
  private final Ranking spare; // for an order other than by score
  private boolean isScoring;
  private float highest;
  private float temperature;
  private int[] tokens = {};
  private int tokenCount;
  private int[] recent = {};

  /// @param vocabularySize how many logits a row has, from 1 to [#VOCABULARY_MAX]
  /// @throws IllegalArgumentException if it is out of range
  public Candidates(int vocabularySize) {
    if (vocabularySize < 1 || vocabularySize > VOCABULARY_MAX) {
      throw new IllegalArgumentException(
          "vocabularySize must be 1 to " + VOCABULARY_MAX + ", got " + vocabularySize);
    }
    scores = new float[vocabularySize];
    ranking = new Ranking(vocabularySize);
    spare = new Ranking(vocabularySize);
  }

  /// How many logits a row has.
  public int vocabularySize() {
    return scores.length;
  }

  /// Begins a choice: all tokens, with their logits as scores.
  ///
  /// @param logits F32 `[vocabularySize]`; −infinity excludes a token
  /// @param tokens the sequence so far; its first `tokenCount` count
  /// @throws NumericalException if a logit is NaN or +infinity, or none is finite
  void begin(MemorySegment logits, int[] tokens, int tokenCount) {
    if (logits.byteSize() != (long) scores.length * Float.BYTES) {
      throw new IllegalArgumentException(
          "logits must be %,d floats, got %,d bytes".formatted(scores.length, logits.byteSize()));
    }
    MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, scores, 0, scores.length);
    this.tokens = tokens;
    this.tokenCount = tokenCount;
    temperature = 1;
    isScoring = true;
  }

  /// The score of a token.
  float score(int id) {
    return scores[id];
  }

  /// Changes a token's score; −infinity excludes it. Only before anything is dropped.
  void score(int id, float score) {
    assert isScoring : "scores change only before tokens are dropped";
    scores[id] = score;
  }

  /// A copy of the last tokens of the sequence, in ascending order of ids; valid until the next
  /// call.
  ///
  /// @param count how many of the last tokens
  /// @return scratch whose first `min(count, length of the sequence)` entries count
  int[] recentSorted(int count) {
    int length = Math.min(count, tokenCount);
    if (recent.length < length) {
      recent = new int[Math.max(length, 2 * recent.length)];
    }
    System.arraycopy(tokens, tokenCount - length, recent, 0, length);
    Arrays.sort(recent, 0, length);
    return recent;
  }

  /// How many tokens the sequence has.
  int tokenCount() {
    return tokenCount;
  }

  /// The id with the highest score.
  int best() {
    int best = 0;
    boolean isSound = true;
    for (int id = 0; id < scores.length; id++) {
      // False for NaN, too.
      isSound &= scores[id] < Float.POSITIVE_INFINITY;
      if (scores[id] > scores[best]) {
        best = id;
      }
    }
    if (!isSound || scores[best] == Float.NEGATIVE_INFINITY) {
      throw unsound();
    }
    return best;
  }

  /// How many tokens are left.
  int size() {
    rank();
    return ranking.size();
  }

  /// The token of a rank, 0 being the best.
  int id(int rank) {
    rank();
    return Ranking.id(ranking.at(rank));
  }

  /// The weight of the token of a rank.
  long weight(int rank) {
    rank();
    return weightOf(Ranking.number(ranking.at(rank)));
  }

  /// The sum of all weights; at least [#WEIGHT_ONE], as the likeliest has that much.
  long totalWeight() {
    rank();
    long total = 0;
    for (int i = 0; i < ranking.size(); i++) {
      total += weightOf(Ranking.number(ranking.any(i)));
    }
    return total;
  }

  /// Divides all exponents from now on.
  void temperature(float temperature) {
    this.temperature = temperature;
  }

  /// Drops all but the best `count`, or nothing if fewer are left.
  void keepBest(int count) {
    rank();
    ranking.keepBest(count);
  }

  /// Drops tokens less likely than `ratio` times the likeliest.
  void keepLikely(float ratio) {
    rank();
    ranking.keepFrom(highest + temperature * Exponential.log(ratio));
  }

  /// Drops all but the likeliest tokens whose weights together reach `share` of the total.
  void keepShare(double share) {
    double wanted = share * totalWeight();
    long sum = 0;
    int count = 0;
    while (count < ranking.size() && sum < wanted) {
      sum += weight(count++);
    }
    ranking.keepBest(Math.max(1, count));
  }

  /// Drops all but the most typical tokens whose weights together reach `share` of the total.
  ///
  /// A token is typical if its surprise is near the mean surprise. Both are counted from the
  /// likeliest token's, so that no logarithm is needed: the surprise is then (highest − score) /
  /// temperature, and the mean is that under the weights.
  ///
  /// Source: Meister, Pimentel, Wiher and Cotterell 2022, "Locally Typical Sampling", section 4.
  void keepTypical(double share) {
    rank();
    long total = 0;
    long surprise = 0; // in parts of 2⁻⁴⁰, as weights are
    for (int i = 0; i < ranking.size(); i++) {
      float exponent = exponent(Ranking.number(ranking.any(i)));
      long weight = weight(exponent);
      total += weight;
      if (weight > 0) {
        surprise -= (long) ((double) weight * exponent);
      }
    }
    float mean = (float) ((double) surprise / total);
    spare.clear();
    for (int i = 0; i < ranking.size(); i++) {
      long entry = ranking.any(i);
      float distance = Math.abs(exponent(Ranking.number(entry)) + mean);
      spare.add(-distance, Ranking.id(entry));
    }
    double wanted = share * total;
    long sum = 0;
    ranking.clear();
    while (ranking.size() < spare.size() && (sum < wanted || ranking.size() == 0)) {
      int id = Ranking.id(spare.at(ranking.size()));
      ranking.add(scores[id], id);
      sum += weightOf(scores[id]);
    }
  }

  /// The token whose share of the cumulated weights holds a random number.
  ///
  /// @param random 64 random bits
  int draw(long random) {
    long target = Math.unsignedMultiplyHigh(random, totalWeight());
    int rank = 0;
    for (long sum = weight(0); sum <= target; sum += weight(rank)) {
      rank++;
    }
    return id(rank);
  }

  /// Ends the time of changing scores: checks them and makes every token a candidate.
  private void rank() {
    if (!isScoring) {
      return;
    }
    highest = scores[best()];
    ranking.clear();
    for (int id = 0; id < scores.length; id++) {
      ranking.add(scores[id], id);
    }
    isScoring = false;
  }

  private long weightOf(float score) {
    return weight(exponent(score));
  }

  private float exponent(float score) {
    return (score - highest) / temperature;
  }

  private static long weight(float exponent) {
    return exponent < EXPONENT_MIN ? 0 : (long) (Exponential.exp(exponent) * (float) WEIGHT_ONE);
  }

  private NumericalException unsound() {
    for (int id = 0; id < scores.length; id++) {
      if (!(scores[id] < Float.POSITIVE_INFINITY)) {
        return new NumericalException(
            "the model's logit for token %,d at position %,d is %s: the weights or the arithmetic"
                    .formatted(id, tokenCount, scores[id])
                + " are damaged, and no token can be chosen");
      }
    }
    return new NumericalException(
        "no token can be chosen at position %,d: all of them are excluded".formatted(tokenCount));
  }
}
