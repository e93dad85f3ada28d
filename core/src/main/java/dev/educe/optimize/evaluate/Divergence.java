package dev.educe.optimize.evaluate;

import dev.educe.kernels.Exponential;
import java.util.Arrays;

/// How far a model's predictions are from those of a reference, token by token.
///
/// The divergence of a token is Kullback and Leibler's, of the reference's probabilities from the
/// model's, in natural logarithms: 0 where they agree. Not thread-safe.
public final class Divergence {
  private float[] values = new float[1 << 10]; // [count]: of each token
  private int count;
  private int agreements;

  /// Of nothing so far.
  public Divergence() {}

  /// Adds a position.
  ///
  /// @param reference logits `[vocabularySize]`
  /// @param logits the model's, of the same position
  public void add(float[] reference, float[] logits) {
    add(reference, LogProbability.of(reference), logits, LogProbability.of(logits));
  }

  void add(float[] reference, LogProbability ofReference, float[] logits, LogProbability ofModel) {
    double sum = 0;
    int best = 0;
    int bestOfReference = 0;
    for (int token = 0; token < logits.length; token++) {
      double log = ofReference.of(reference[token]);
      sum += Exponential.exp((float) log) * (log - ofModel.of(logits[token]));
      best = logits[token] > logits[best] ? token : best;
      bestOfReference = reference[token] > reference[bestOfReference] ? token : bestOfReference;
    }
    if (count == values.length) {
      values = Arrays.copyOf(values, 2 * count);
    }
    // It is never negative but by rounding.
    values[count++] = (float) Math.max(0, sum);
    agreements += best == bestOfReference ? 1 : 0;
  }

  /// How many positions were added.
  public int count() {
    return count;
  }

  /// The mean.
  public double mean() {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += values[i];
    }
    return sum / count;
  }

  /// What a share of the positions does not exceed: 0.5 for the median, 1 for the largest.
  ///
  /// @throws IllegalArgumentException if the share is not above 0 and at most 1
  public double quantile(double share) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("a share is above 0 and at most 1, got " + share);
    }
    float[] sorted = Arrays.copyOf(values, count);
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(share * count) - 1];
  }

  /// The share of the positions for which both think the same token likeliest.
  public double agreement() {
    return (double) agreements / count;
  }
}
