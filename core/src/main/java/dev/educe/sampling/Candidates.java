package dev.educe.sampling;

import dev.educe.kernels.Exponential;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.LogitKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// The tokens that may come next, with their scores: what the steps of a [Sampler] work on.
///
/// A token's score is at first its logit. Steps change scores or drop tokens. Tokens are ordered by
/// score, higher first, and equal ones by id, lower first; only as many are sorted as somebody
/// looks at, and as long as nothing is dropped there is no list of tokens but the row itself.
///
/// The *weight* of a token is `exp((score − highest score) / temperature)` in whole parts of 2⁻⁴⁰,
/// rounded down. Sums of weights are therefore exact and have no order, and no token below 2⁻⁴⁰ of
/// the likeliest is ever drawn.
///
/// Scratch memory: make one for a vocabulary and use it for any number of choices, one at a time.
/// Nothing is allocated after the first.
public final class Candidates {
  /// Parts of the likeliest token's weight.
  static final long WEIGHT_ONE = Weights.ONE;

  /// Far above any vocabulary, and low enough that sums of weights cannot overflow.
  public static final int VOCABULARY_MAX = 1 << 22;

  /// Scores divided by less could become infinite.
  private static final float DIVISOR_MIN = 1e-6f;

  /// By less than this the logarithm of a weight is wrong.
  private static final float ROUNDING = 1e-3f;

  /// One token in so many is few enough for a list.
  private static final int FEW = 8;

  private final LogitKernels kernels;
  private final float[] scores; // [vocabularySize], by id
  private final float[] maxima; // [groups of scores]
  private final int[] found = new int[LogitKernels.BLOCK];
  private final int[] marks; // [vocabularySize]; zeros between uses
  private final Ranking ranking; // what is left, by score, unless that is everything
  private final Ranking spare; // for another order, or a part of it
  private final Weights weights;
  private final Logits view = new Logits(this);
  private boolean isWhole; // `ranking` is not in use: nothing was dropped, or by excluding it
  private int left; // tokens, while all are in use
  private boolean isChanged; // scores have, since they were looked at
  private float highest;
  private float temperature;
  private int[] tokens = {};
  private int tokenCount;

  /// Works with the fastest kernels here.
  ///
  /// @param vocabularySize how many logits a row has, from 1 to [#VOCABULARY_MAX]
  /// @throws IllegalArgumentException if the size is out of range
  public Candidates(int vocabularySize) {
    this(vocabularySize, KernelSelector.select("").kernels().logits());
  }

  /// @param vocabularySize how many logits a row has, from 1 to [#VOCABULARY_MAX]
  /// @param kernels any: all give the same choices
  /// @throws IllegalArgumentException if the size is out of range
  public Candidates(int vocabularySize, LogitKernels kernels) {
    Setting.check(
        vocabularySize >= 1 && vocabularySize <= VOCABULARY_MAX,
        "vocabularySize",
        "1 to " + VOCABULARY_MAX,
        vocabularySize);
    this.kernels = kernels;
    int groups = LogitKernels.groups(vocabularySize);
    scores = new float[vocabularySize];
    maxima = new float[groups];
    marks = new int[vocabularySize];
    ranking = new Ranking(vocabularySize);
    spare = new Ranking(Math.max(vocabularySize, groups));
    weights = new Weights(vocabularySize, kernels);
  }

  /// How many logits a row has.
  public int vocabularySize() {
    return scores.length;
  }

  /// Begins a choice: all tokens, with their logits as scores.
  ///
  /// @param logits F32 `[vocabularySize]`; −infinity excludes a token
  /// @param tokens the sequence so far; its first `tokenCount` count
  /// @throws IllegalArgumentException if the row has another size
  void begin(MemorySegment logits, int[] tokens, int tokenCount) {
    if (logits.byteSize() != (long) scores.length * Float.BYTES) {
      throw new IllegalArgumentException(
          "logits must be %,d floats, got %,d bytes".formatted(scores.length, logits.byteSize()));
    }
    MemorySegment.copy(logits, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, scores, 0, scores.length);
    this.tokens = tokens;
    this.tokenCount = tokenCount;
    temperature = 1;
    isWhole = true;
    left = scores.length;
    isChanged = true;
  }

  /// For [LogitsProcessor]; always the same.
  Logits view() {
    return view;
  }

  /// How many tokens the sequence has.
  int tokenCount() {
    return tokenCount;
  }

  /// A token of the sequence.
  int token(int index) {
    return tokens[index];
  }

  /// An integer for each token, all zero; whoever changes them sets them to zero again.
  int[] marks() {
    return marks;
  }

  /// Makes a temperature that is in effect a part of the scores, so that they can be changed.
  void beginScoring() {
    if (temperature != 1) {
      float divisor = Math.max(temperature, DIVISOR_MIN);
      for (int id = 0; id < scores.length; id++) {
        scores[id] /= divisor;
      }
      temperature = 1;
      isChanged = true;
    }
  }

  /// The score of a token.
  float score(int id) {
    return scores[id];
  }

  /// Changes a token's score; −infinity excludes it.
  void score(int id, float score) {
    scores[id] = score;
    isChanged = true;
  }

  /// Excludes the tokens from `from` to before `to`.
  void exclude(int from, int to) {
    Arrays.fill(scores, from, to, Float.NEGATIVE_INFINITY);
    isChanged = true;
  }

  /// The id with the highest score.
  ///
  /// @throws NumericalException if a score is NaN or +infinity, or all tokens are excluded
  int best() {
    look();
    if (!isWhole) {
      return id(0);
    }
    int best = scores.length;
    for (int group = 0; group < maxima.length; group++) {
      if (maxima[group] == highest) {
        int id = firstOf(group);
        while (scores[id] != highest) {
          id += LogitKernels.LANES;
        }
        best = Math.min(best, id);
      }
    }
    return best;
  }

  /// How many tokens are left.
  int size() {
    return isWhole ? left : ranking.size();
  }

  /// The token of a rank, 0 being the best.
  int id(int rank) {
    list();
    return Ranking.id(ranking.at(rank));
  }

  /// The weight of the token of a rank.
  long weight(int rank) {
    list();
    return weights.of(Ranking.number(ranking.at(rank)));
  }

  /// Exponents of the best tokens, the best first: as many as there are and have any weight.
  ///
  /// @return how many were written
  int bestExponents(float[] target) {
    look();
    if (isWhole) {
      gather(leastOfBest(target.length));
    }
    int count = 0;
    while (count < Math.min(target.length, ranking.size())) {
      float score = Ranking.number(ranking.at(count));
      if (weights.of(score) == 0) {
        break;
      }
      target[count++] = weights.exponent(score);
    }
    return count;
  }

  /// The sum of all weights; at least [#WEIGHT_ONE], as the likeliest has that much.
  long totalWeight() {
    look();
    return weights.sum(ranking, isWhole);
  }

  /// The logarithm of [#totalWeight] in units of the likeliest token's.
  float logTotal(long totalWeight) {
    return Exponential.log((float) ((double) totalWeight / WEIGHT_ONE));
  }

  /// The natural logarithm of a token's probability, given the weight of all.
  float logProbability(int id, long totalWeight) {
    return weights.exponent(scores[id]) - logTotal(totalWeight);
  }

  /// The entropy of the probabilities, in natural units.
  float entropy() {
    long total = totalWeight();
    return (float) (logTotal(total) - weights.meanExponent(total));
  }

  /// Divides all exponents from now on; 0 leaves weight to the likeliest alone.
  void temperature(float temperature) {
    this.temperature = Math.max(temperature, Float.MIN_VALUE);
    weights.of(scores, highest, this.temperature);
  }

  /// Drops all but the best `count`, or nothing if fewer are left.
  void keepBest(int count) {
    look();
    if (count >= size()) {
      return;
    }
    if (isWhole) {
      list(leastOfBest(count));
    }
    ranking.keepBest(count);
  }

  /// Drops tokens less likely than `ratio` times the likeliest.
  void keepLikely(float ratio) {
    look();
    keepFrom(highest + temperature * Exponential.log(ratio));
  }

  /// Drops tokens whose score is below the highest by more than `count` standard deviations.
  ///
  /// Mean and deviation are those of the finite scores, as sums of whole parts of 2⁻¹⁶: exact, and
  /// without an order.
  void keepDeviations(float count) {
    look();
    long sum = 0;
    long squaresHigh = 0; // in 2³²
    long squaresLow = 0;
    int finite = 0;
    int size = isWhole ? scores.length : ranking.size();
    for (int i = 0; i < size; i++) {
      float score = isWhole ? scores[i] : Ranking.number(ranking.any(i));
      if (score != Float.NEGATIVE_INFINITY) {
        long below = (int) ((highest - score) * 0x1p16f);
        sum += below;
        long square = below * below;
        squaresHigh += square >>> 32;
        squaresLow += square & 0xffff_ffffL;
        finite++;
      }
    }
    double mean = (double) sum / finite;
    double squares = (squaresHigh * 0x1p32 + squaresLow) / finite;
    double deviation = Math.sqrt(Math.max(0, squares - mean * mean)) * 0x1p-16;
    keepFrom((float) (highest - count * deviation));
  }

  /// Drops tokens whose surprise exceeds a bound in bits, but not the likeliest.
  void keepSurprise(float bound) {
    float logTotal = logTotal(totalWeight());
    float exponent = Math.max(0, bound * Mirostat.LN_2 - logTotal);
    // Beyond the span there is no weight: dropping it would only make a list.
    if (exponent < Weights.SPAN) {
      keepFrom(highest - temperature * exponent);
    }
  }

  /// Drops all but the likeliest tokens whose weights together reach `share` of the total.
  void keepShare(double share) {
    look();
    long total = weights.order(ranking, isWhole);
    long last = weights.locate(target(share, total), spare);
    if (isWhole) {
      leave(weights.excludeAfter(last));
    } else {
      ranking.keepTo(last);
    }
  }

  /// Drops all but the most typical tokens whose weights together reach `share` of the total.
  ///
  /// A token is typical if its surprise is near the mean surprise. Both are counted from the
  /// likeliest token's, so that no logarithm is needed: the surprise is then (highest − score) /
  /// temperature, and the mean is that under the weights.
  void keepTypical(double share) {
    long total = totalWeight();
    weights.orderByTypicality((float) weights.meanExponent(total));
    long last = weights.locate(target(share, total), spare);
    if (isWhole) {
      leave(weights.excludeAfter(last));
    } else {
      int size = ranking.size();
      spare.clear();
      for (int i = 0; i < size; i++) {
        long entry = ranking.any(i);
        if (weights.typicalEntry(Ranking.id(entry)) <= last) {
          spare.add(entry);
        }
      }
      ranking.take(spare);
      highest = Ranking.number(ranking.at(0));
      weights.of(scores, highest, temperature);
    }
  }

  /// Drops all tokens of at least a probability but the least likely of them.
  void dropTopChoices(double probability) {
    double least = probability * totalWeight();
    if (left == scores.length) {
      list(); // tokens that others excluded count as left, and would not after one more
    }
    if (isWhole) {
      gather(highest + temperature * (Exponential.log((float) (least / WEIGHT_ONE)) - ROUNDING));
    }
    int count = 0;
    while (count < ranking.size() && weights.of(Ranking.number(ranking.at(count))) >= least) {
      count++;
    }
    if (count < 2) {
      return;
    }
    if (isWhole) {
      for (int rank = 0; rank < count - 1; rank++) {
        scores[Ranking.id(ranking.at(rank))] = Float.NEGATIVE_INFINITY;
      }
      left -= count - 1;
      isChanged = true;
    } else {
      ranking.dropBest(count - 1);
      highest = Ranking.number(ranking.at(0));
      weights.of(scores, highest, temperature);
    }
  }

  /// Makes ready to [#draw].
  ///
  /// @return the sum of all weights
  long beginDraw() {
    look();
    return weights.order(ranking, isWhole);
  }

  /// The token whose share of the cumulated weights holds a random number.
  ///
  /// @param random 64 random bits
  /// @param total as [#beginDraw] just gave it
  int draw(long random, long total) {
    long target = Math.unsignedMultiplyHigh(random, total);
    return Ranking.id(weights.locate(target, spare));
  }

  /// The last weight part that a share of the total needs.
  private static long target(double share, long total) {
    return Math.clamp((long) Math.ceil(share * total) - 1, 0, total - 1);
  }

  /// A score that at least the best `count` tokens of all have, and not many more.
  private float leastOfBest(int count) {
    if (count > maxima.length) {
      return Float.NEGATIVE_INFINITY;
    }
    // As many groups have a token of at least this.
    spare.clear();
    for (int group = 0; group < maxima.length; group++) {
      spare.add(maxima[group], group);
    }
    return Ranking.number(spare.at(count - 1));
  }

  /// Drops tokens whose score is below a number.
  private void keepFrom(float least) {
    if (!isWhole) {
      ranking.keepTo(Ranking.entry(least, Integer.MAX_VALUE));
    } else if (areFew(least)) {
      list(least);
    } else if (least > -Float.MAX_VALUE) {
      leave(kernels.exclude(scores, scores, 0, scores.length, least));
    }
  }

  /// Goes on with those left that are not excluded; makes a list of them if they are few.
  private void leave(int left) {
    this.left = left;
    isChanged = true;
    if (left <= scores.length / FEW) {
      list();
    }
  }

  /// Whether few groups have a token of at least a score.
  private boolean areFew(float least) {
    int count = 0;
    for (float maximum : maxima) {
      count += maximum >= least ? 1 : 0;
    }
    return count <= maxima.length / FEW;
  }

  private void list(float least) {
    gather(least);
    isWhole = false;
  }

  /// Makes the ranking one of all tokens left whose score is not below a number.
  private void gather(float number) {
    // Where some were dropped, it was by excluding them, and no other is excluded.
    float least = left < scores.length ? Math.max(number, -Float.MAX_VALUE) : number;
    ranking.clear();
    for (int group = 0; group < maxima.length; group += LogitKernels.LANES) {
      if (hasAny(group, least)) {
        int from = firstOf(group);
        int to = Math.min(scores.length, from + LogitKernels.BLOCK);
        int count = kernels.find(scores, from, to, least, Float.POSITIVE_INFINITY, found);
        for (int i = 0; i < count; i++) {
          ranking.add(scores[found[i]], found[i]);
        }
      }
    }
  }

  /// Whether a block has a token of at least a score.
  private boolean hasAny(int firstGroup, float least) {
    for (int lane = 0; lane < LogitKernels.LANES; lane++) {
      if (maxima[firstGroup + lane] >= least) {
        return true;
      }
    }
    return false;
  }

  private static int firstOf(int group) {
    return group / LogitKernels.LANES * LogitKernels.BLOCK + group % LogitKernels.LANES;
  }

  /// Makes a list of the tokens left, if there is none.
  private void list() {
    look();
    if (isWhole) {
      list(Float.NEGATIVE_INFINITY);
    }
  }

  /// Checks changed scores and finds the highest.
  private void look() {
    if (!isChanged) {
      return;
    }
    if (isWhole) {
      kernels.maxima(scores, scores.length, maxima);
      highest = Float.NEGATIVE_INFINITY;
      for (float maximum : maxima) {
        highest = Math.max(highest, maximum);
      }
    } else {
      ranking.renumber(scores);
      highest = Ranking.number(ranking.at(0));
    }
    // False for NaN, too.
    if (!(highest < Float.POSITIVE_INFINITY) || highest == Float.NEGATIVE_INFINITY) {
      throw unsound();
    }
    weights.of(scores, highest, temperature);
    isChanged = false;
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
