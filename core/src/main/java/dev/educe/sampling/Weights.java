package dev.educe.sampling;

import dev.educe.kernels.Exponential;
import dev.educe.kernels.LogitKernels;
import java.util.Arrays;

/// The weights of candidates, and where in their order a share of the total is reached.
///
/// A weight is `exp((score − highest score) / temperature)` in whole parts of 2⁻⁴⁰, rounded down.
/// Nothing is sorted to find a place: weights are added by intervals of the order, and only the
/// interval that holds the place is looked at more closely. Rows are gone through in chunks that
/// the first-level cache holds.
final class Weights {
  /// Parts of the likeliest token's weight. With [Candidates#VOCABULARY_MAX] tokens sums stay below
  /// 2⁶².
  static final long ONE = 1L << 40;

  /// Where weights end: exp of minus this is less than a part.
  static final float SPAN = 28;

  /// Intervals between the likeliest token and the last that has any weight: of a vocabulary's
  /// tokens some hundred fall into the fullest.
  private static final int INTERVALS = 4096;

  private static final int LAST = INTERVALS - 1;

  private static final int CHUNK = LogitKernels.BLOCK;

  private final LogitKernels kernels;
  private final float[] listed; // scores of a list's tokens
  private final float[] distances; // from the mean surprise, below zero
  private final float[] powers; // of the tokens summed last
  private final long[] sums = new long[INTERVALS + LogitKernels.LAST_ONES]; // by interval
  private final long[] parts = new long[CHUNK];
  private final int[] intervals = new int[CHUNK]; // or tokens found
  private float[] scores = {}; // by id
  private float highest;
  private float temperature;

  // The tokens summed last.
  private Ranking list;
  private boolean isWhole; // all, and not the list's
  private int size;
  private float[] values = {}; // scores
  private float[] keys = {}; // what is ordered by, greater first: scores, most often
  private float mean; // exponent, from which keys are distances
  private float first; // the greatest key
  private float scale; // intervals per unit of a key
  private long before; // the sum of the intervals before the one found

  /// @param vocabularySize the most tokens there can be
  Weights(int vocabularySize, LogitKernels kernels) {
    this.kernels = kernels;
    this.listed = new float[vocabularySize];
    this.distances = new float[vocabularySize];
    this.powers = new float[vocabularySize + LogitKernels.LANES];
    this.list = new Ranking(0);
  }

  /// Says what weights are of.
  ///
  /// @param temperature above 0
  void of(float[] scores, float highest, float temperature) {
    this.scores = scores;
    this.highest = highest;
    this.temperature = temperature;
  }

  /// The weight of a score.
  long of(float score) {
    return (long) (Exponential.exp(exponent(score)) * (float) ONE);
  }

  /// `(score − highest) / temperature`.
  float exponent(float score) {
    return (score - highest) / temperature;
  }

  /// The sum of the weights of tokens.
  ///
  /// @param list whose tokens are meant; stays as it is while what was summed is used
  /// @param isWhole all tokens are meant, whatever the list holds
  long sum(Ranking list, boolean isWhole) {
    use(list, isWhole);
    long total = 0;
    for (int from = 0; from < size; from += CHUNK) {
      int to = Math.min(size, from + CHUNK);
      kernels.exponentials(values, from, to, highest, temperature, powers);
      total += kernels.weigh(powers, from, to, parts);
    }
    return total;
  }

  /// The same, and orders the tokens by score, to [#locate] a place among them.
  long order(Ranking list, boolean isWhole) {
    use(list, isWhole);
    beginOrder(values, highest, INTERVALS / (SPAN * temperature));
    long total = 0;
    for (int from = 0; from < size; from += CHUNK) {
      int to = Math.min(size, from + CHUNK);
      kernels.exponentials(values, from, to, highest, temperature, powers);
      total += order(from, to);
    }
    return total;
  }

  /// The mean of exponents under the weights summed last, not above 0.
  ///
  /// @param total the sum
  double meanExponent(long total) {
    long sum = 0; // in parts
    for (int from = 0; from < size; from += CHUNK) {
      int to = Math.min(size, from + CHUNK);
      sum += kernels.sumExponents(values, powers, from, to, highest, temperature);
    }
    return (double) sum / total;
  }

  /// Orders the tokens summed last by the distance of their exponents from a mean, nearer ones
  /// first.
  void orderByTypicality(float mean) {
    this.mean = mean;
    kernels.distances(values, 0, size, highest, temperature, mean, distances);
    beginOrder(distances, 0, INTERVALS / SPAN);
    for (int from = 0; from < size; from += CHUNK) {
      order(from, Math.min(size, from + CHUNK));
    }
  }

  /// The entry of a token in that order.
  long typicalEntry(int id) {
    return Ranking.entry(-Math.abs(exponent(scores[id]) - mean), id);
  }

  /// The entry at which the weights of the ordered tokens, added one by one, exceed a target below
  /// the total.
  ///
  /// @param scratch overwritten
  long locate(long target, Ranking scratch) {
    int interval = find(target);
    float least = leastOf(interval);
    float below = interval == 0 ? Float.POSITIVE_INFINITY : leastOf(interval - 1);
    scratch.clear();
    for (int from = 0; from < size; from += CHUNK) {
      int to = Math.min(size, from + CHUNK);
      int found = kernels.find(keys, from, to, least, below, intervals);
      for (int i = 0; i < found; i++) {
        int at = intervals[i];
        scratch.add(keys[at], isWhole ? at : Ranking.id(list.any(at)));
      }
    }
    return scratch.at(rank(target, scratch));
  }

  /// Excludes all tokens after an entry; all were ordered.
  ///
  /// @return how many are left
  int excludeAfter(long last) {
    float least = Ranking.number(last);
    int end = Ranking.id(last) + 1; // of the tokens that may be as low as the last
    return kernels.exclude(scores, keys, 0, end, least)
        + kernels.exclude(scores, keys, end, size, Math.nextUp(least));
  }

  private void use(Ranking list, boolean isWhole) {
    this.list = list;
    this.isWhole = isWhole;
    size = isWhole ? scores.length : list.size();
    values = isWhole ? scores : listed;
    for (int i = 0; !isWhole && i < size; i++) {
      listed[i] = Ranking.number(list.any(i));
    }
  }

  private void beginOrder(float[] keys, float first, float scale) {
    this.keys = keys;
    this.first = first;
    this.scale = scale;
    Arrays.fill(sums, 0);
  }

  /// Adds weights by intervals of keys.
  private long order(int from, int to) {
    long total = kernels.weigh(powers, from, to, parts);
    kernels.intervals(keys, from, to, first, scale, LAST, intervals);
    add(parts, intervals, to - from, sums);
    return total;
  }

  /// The interval in which a target is exceeded.
  private int find(long target) {
    int interval = 0;
    before = 0;
    while (before + sums[interval] <= target) {
      before += sums[interval++];
    }
    return interval;
  }

  /// The least key of an interval or one before it.
  private float leastOf(int interval) {
    int low = Ranking.bits(Float.NEGATIVE_INFINITY);
    int high = Ranking.bits(first);
    while (low < high) {
      int middle = (int) (((long) low + high) >> 1);
      float key = Ranking.ofBits(middle);
      if (LogitKernels.interval(key, first, scale, LAST) <= interval) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return Ranking.ofBits(low);
  }

  private int rank(long target, Ranking interval) {
    int rank = 0;
    long sum = before + of(scores[Ranking.id(interval.at(0))]);
    while (sum <= target) {
      rank++;
      sum += of(scores[Ranking.id(interval.at(rank))]);
    }
    return rank;
  }

  private static void add(long[] parts, int[] intervals, int count, long[] sums) {
    for (int i = 0; i < count; i++) {
      sums[intervals[i]] += parts[i];
    }
  }
}
