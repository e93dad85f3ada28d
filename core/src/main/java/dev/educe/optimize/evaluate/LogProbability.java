package dev.educe.optimize.evaluate;

import dev.educe.kernels.Exponential;

/// A row of logits on the way to probabilities: what all of them share.
///
/// @param max the largest logit
/// @param log of the sum of the exponentials of the logits, less [#max]
record LogProbability(float max, double log) {
  static LogProbability of(float[] logits) {
    float max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double total = 0;
    for (float logit : logits) {
      total += Exponential.exp(logit - max);
    }
    return new LogProbability(max, StrictMath.log(total));
  }

  /// The logarithm of the probability of a token with this logit.
  double of(float logit) {
    return (double) logit - max - log;
  }
}
