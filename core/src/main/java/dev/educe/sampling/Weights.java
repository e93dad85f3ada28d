package dev.educe.sampling;

import dev.educe.kernels.Exponential;
import dev.educe.kernels.LogitKernels;
import java.util.Arrays;

/// The weights of candidates, and where in their order a share of the total is reached.
///
/// A weight is `exp((score − highest score) / temperature)` in whole parts of 2⁻⁴⁰, rounded down.
/// Nothing is sorted to find a place: weights are added by intervals of the order, and only the
/// interval that holds the place is looked at more closely.
///
/// Loops here do one thing to a chunk that the first-level cache holds, since such loops are what
/// the compiler turns into vectors.
final class Weights {
  /// Parts of the likeliest token's weight. With [Candidates#VOCABULARY_MAX] tokens sums stay below
  /// 2⁶².
  static final long ONE = 1L << 40;

  /// Intervals between the likeliest token and the last that has any weight.
  private static final int INTERVALS = 1024;

  /// Where weights end: exp of minus this is less than a part.
  static final float SPAN = 28;

  private static final int CHUNK = LogitKernels.BLOCK;

  private final LogitKernels kernels;
  private final long[] sums = new long[INTERVALS]; // of weights, by interval
  private final float[] numbers = new float[CHUNK]; // what is ordered by: scores, most often
  private final float[] powers = new float[CHUNK];
  private final long[] parts = new long[CHUNK];
  private final int[] intervals = new int[CHUNK];
  private float[] scores = {};
  private float highest;
  private float temperature;
  private boolean isByTypicality;
  private float mean; // exponent, from which typical ones are near
  private float first; // the greatest number
  private float scale; // intervals per unit of a number
  private long before; // the sum of the intervals before the one found last

  Weights(LogitKernels kernels) {
    this.kernels = kernels;
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
    return parts(Exponential.exp(exponent(score)));
  }

  /// `(score − highest) / temperature`.
  float exponent(float score) {
    return (score - highest) / temperature;
  }

  /// The sum of the weights of tokens, ordered by score.
  ///
  /// @param isWhole all tokens, whatever the ranking holds
  long sum(Ranking ranking, boolean isWhole) {
    isByTypicality = false;
    first = highest;
    return sumIntervals(ranking, isWhole);
  }

  /// The same, ordered by the distance of exponents from a mean, nearer ones first.
  long sumTypical(float mean, Ranking ranking, boolean isWhole) {
    isByTypicality = true;
    this.mean = mean;
    first = 0;
    return sumIntervals(ranking, isWhole);
  }

  /// The mean of exponents under the weights, not above 0.
  double meanExponent(Ranking ranking, boolean isWhole) {
    isByTypicality = false;
    long total = 0;
    long sum = 0; // in parts
    int size = isWhole ? scores.length : ranking.size();
    for (int from = 0; from < size; from += CHUNK) {
      int count = Math.min(CHUNK, size - from);
      load(ranking, isWhole, from, count);
      total += weigh(count);
      sum += sumExponents(numbers, parts, count, highest, temperature);
    }
    return (double) sum / total;
  }

  private static long sumExponents(
      float[] numbers, long[] parts, int count, float highest, float temperature) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      // Nothing where there is no weight: NaN, of an excluded token, becomes zero.
      sum += (long) ((double) parts[i] * ((numbers[i] - highest) / temperature));
    }
    return sum;
  }

  private long sumIntervals(Ranking ranking, boolean isWhole) {
    scale = INTERVALS / (SPAN * temperature);
    Arrays.fill(sums, 0);
    long total = 0;
    int size = isWhole ? scores.length : ranking.size();
    for (int from = 0; from < size; from += CHUNK) {
      int count = Math.min(CHUNK, size - from);
      load(ranking, isWhole, from, count);
      total += weigh(count);
      order(count);
      place(count);
      for (int i = 0; i < count; i++) {
        sums[intervals[i]] += parts[i];
      }
    }
    return total;
  }

  /// Sets numbers to scores.
  private void load(Ranking ranking, boolean isWhole, int from, int count) {
    if (isWhole) {
      System.arraycopy(scores, from, numbers, 0, count);
    } else {
      for (int i = 0; i < count; i++) {
        numbers[i] = Ranking.number(ranking.any(from + i));
      }
    }
  }

  /// Sets parts to the weights of scores, and gives their sum.
  private long weigh(int count) {
    kernels.exponentials(numbers, 0, count, highest, temperature, powers);
    return weigh(powers, parts, count);
  }

  private static long weigh(float[] powers, long[] parts, int count) {
    long total = 0;
    for (int i = 0; i < count; i++) {
      long weight = parts(powers[i]);
      parts[i] = weight;
      total += weight;
    }
    return total;
  }

  /// Turns scores into what is ordered by.
  private void order(int count) {
    if (isByTypicality) {
      order(numbers, count, highest, temperature, mean);
    }
  }

  private static void order(
      float[] numbers, int count, float highest, float temperature, float mean) {
    for (int i = 0; i < count; i++) {
      numbers[i] = -Math.abs((numbers[i] - highest) / temperature - mean);
    }
  }

  /// Sets intervals to those of numbers, never descending as numbers do.
  private void place(int count) {
    place(numbers, intervals, count, first, scale);
  }

  private static void place(float[] numbers, int[] intervals, int count, float first, float scale) {
    for (int i = 0; i < count; i++) {
      intervals[i] = Math.min(INTERVALS - 1, (int) ((first - numbers[i]) * scale));
    }
  }

  /// The entry of a token in the order of [#sumTypical].
  long typicalEntry(int id) {
    return Ranking.entry(-Math.abs(exponent(scores[id]) - mean), id);
  }

  /// The entry at which the weights, added in the order that was summed last, exceed a target below
  /// the total.
  ///
  /// @param scratch overwritten
  long locate(long target, Ranking ranking, boolean isWhole, Ranking scratch) {
    int interval = find(target);
    scratch.clear();
    int size = isWhole ? scores.length : ranking.size();
    for (int from = 0; from < size; from += CHUNK) {
      int count = Math.min(CHUNK, size - from);
      load(ranking, isWhole, from, count);
      order(count);
      place(count);
      for (int i = 0; i < count; i++) {
        if (intervals[i] == interval) {
          scratch.add(numbers[i], isWhole ? from + i : Ranking.id(ranking.any(from + i)));
        }
      }
    }
    return scratch.at(rank(target, scratch));
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

  /// Excludes all tokens after an entry in the order that was summed last.
  ///
  /// @return how many are left
  int excludeAfter(long last) {
    float least = Ranking.number(last);
    int end = Ranking.id(last) + 1; // of the tokens that may be as low as the last
    int left = 0;
    for (int from = 0; from < scores.length; from += CHUNK) {
      int count = Math.min(CHUNK, scores.length - from);
      System.arraycopy(scores, from, numbers, 0, count);
      order(count);
      int split = Math.clamp(end - from, 0, count);
      left += kernels.exclude(scores, from, numbers, 0, split, least);
      left += kernels.exclude(scores, from, numbers, split, count, Math.nextUp(least));
    }
    return left;
  }

  private int find(long target) {
    int interval = 0;
    before = 0;
    while (before + sums[interval] <= target) {
      before += sums[interval++];
    }
    return interval;
  }

  private static long parts(float power) {
    return (long) (power * (float) ONE);
  }
}
