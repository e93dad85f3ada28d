package dev.educe.sampling;

import dev.educe.kernels.Exponential;
import dev.educe.kernels.LogitKernels;
import java.util.Arrays;

/// The weights of candidates, and where in their order a share of the total is reached.
///
/// A weight is `exp((score − highest score) / temperature)` in whole parts of 2⁻⁴⁰, rounded down.
/// Nothing is sorted to find a place: weights are added by intervals of the order, and only the
/// interval that holds the place is looked at more closely.
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
  private float[] scores = {};
  private float highest;
  private float temperature;
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
    begin(highest);
    long total = 0;
    int size = isWhole ? scores.length : ranking.size();
    for (int from = 0; from < size; from += CHUNK) {
      int count = Math.min(CHUNK, size - from);
      load(ranking, isWhole, from, count);
      total += add(count);
    }
    return total;
  }

  /// The sum of the weights of tokens in another order.
  ///
  /// @param first no number is greater
  long sumOrdered(Ranking order, float first) {
    begin(first);
    long total = 0;
    for (int from = 0; from < order.size(); from += CHUNK) {
      int count = Math.min(CHUNK, order.size() - from);
      for (int i = 0; i < count; i++) {
        numbers[i] = scores[Ranking.id(order.any(from + i))];
      }
      kernels.exponentials(numbers, 0, count, highest, temperature, powers);
      for (int i = 0; i < count; i++) {
        numbers[i] = Ranking.number(order.any(from + i));
      }
      total += add(count);
    }
    return total;
  }

  /// The mean of exponents under the weights, not above 0.
  ///
  /// @param total the sum of the weights
  double meanExponent(Ranking ranking, boolean isWhole, long total) {
    long sum = 0; // in parts
    int size = isWhole ? scores.length : ranking.size();
    for (int from = 0; from < size; from += CHUNK) {
      int count = Math.min(CHUNK, size - from);
      load(ranking, isWhole, from, count);
      for (int i = 0; i < count; i++) {
        long weight = parts(powers[i]);
        if (weight > 0) {
          sum += (long) ((double) weight * exponent(numbers[i]));
        }
      }
    }
    return (double) sum / total;
  }

  private void begin(float first) {
    this.first = first;
    this.scale = INTERVALS / (SPAN * temperature);
    Arrays.fill(sums, 0);
  }

  /// Sets numbers to scores, and powers to theirs.
  private void load(Ranking ranking, boolean isWhole, int from, int count) {
    if (isWhole) {
      System.arraycopy(scores, from, numbers, 0, count);
    } else {
      for (int i = 0; i < count; i++) {
        numbers[i] = Ranking.number(ranking.any(from + i));
      }
    }
    kernels.exponentials(numbers, 0, count, highest, temperature, powers);
  }

  /// Adds weights to the intervals of their numbers.
  private long add(int count) {
    long total = 0;
    for (int i = 0; i < count; i++) {
      long weight = parts(powers[i]);
      sums[interval(numbers[i])] += weight;
      total += weight;
    }
    return total;
  }

  /// A number that is not above any before the place where the sums exceed a target, or at it.
  float reach(long target) {
    // One interval more, since both this and the intervals are rounded.
    return first - (find(target) + 2) / scale;
  }

  /// The entry at which the weights, added in order, exceed a target below the total.
  ///
  /// @param order has all entries up to that one
  /// @param scratch overwritten
  long locate(long target, Ranking order, Ranking scratch) {
    int interval = find(target);
    scratch.clear();
    for (int i = 0; i < order.size(); i++) {
      long entry = order.any(i);
      if (interval(Ranking.number(entry)) == interval) {
        scratch.add(entry);
      }
    }
    int rank = 0;
    long sum = before + of(scores[Ranking.id(scratch.at(0))]);
    while (sum <= target) {
      rank++;
      sum += of(scores[Ranking.id(scratch.at(rank))]);
    }
    return scratch.at(rank);
  }

  private int find(long target) {
    int interval = 0;
    before = 0;
    while (before + sums[interval] <= target) {
      before += sums[interval++];
    }
    return interval;
  }

  /// Never descends as numbers do.
  private int interval(float number) {
    return Math.min(INTERVALS - 1, (int) ((first - number) * scale));
  }

  private static long parts(float power) {
    return (long) (power * (float) ONE);
  }
}
