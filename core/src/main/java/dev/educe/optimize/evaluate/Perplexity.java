package dev.educe.optimize.evaluate;

/// How surprised a model was by the tokens that came: the exponential of the mean negative
/// log-likelihood, with its standard error. Not thread-safe.
public final class Perplexity {
  private long count;
  private double sum;
  private double squares;

  /// Of nothing so far.
  public Perplexity() {}

  /// Adds a token that came.
  ///
  /// @param logits `[vocabularySize]` of the position before it
  public void add(float[] logits, int token) {
    add(-LogProbability.of(logits).of(logits[token]));
  }

  /// @param surprise the negative logarithm of the probability of a token that came
  void add(double surprise) {
    count++;
    sum += surprise;
    squares += surprise * surprise;
  }

  /// How many tokens were added.
  public long count() {
    return count;
  }

  /// The perplexity.
  public double value() {
    return StrictMath.exp(sum / count);
  }

  /// Its standard error, by the spread of the surprises.
  public double error() {
    double mean = sum / count;
    double variance = Math.max(0, squares / count - mean * mean);
    return count < 2 ? 0 : Math.sqrt(variance / (count - 1)) * value();
  }
}
