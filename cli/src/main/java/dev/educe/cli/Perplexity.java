package dev.educe.cli;

import dev.educe.kernels.Exponential;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// How surprised a model was by the tokens that came: the exponential of the mean negative
/// log-likelihood, with its standard error.
final class Perplexity {
  private long count;
  private double sum;
  private double squares;

  /// Adds a token that came.
  ///
  /// @param logits F32 `[vocabularySize]` of the position before it
  void add(MemorySegment logits, int token) {
    long vocabularySize = logits.byteSize() / Float.BYTES;
    float max = Float.NEGATIVE_INFINITY;
    for (long id = 0; id < vocabularySize; id++) {
      max = Math.max(max, logit(logits, id));
    }
    double total = 0;
    for (long id = 0; id < vocabularySize; id++) {
      total += Exponential.exp(logit(logits, id) - max);
    }
    double surprise = StrictMath.log(total) + max - logit(logits, token);
    count++;
    sum += surprise;
    squares += surprise * surprise;
  }

  /// How many tokens were added.
  long count() {
    return count;
  }

  /// The perplexity.
  double value() {
    return StrictMath.exp(sum / count);
  }

  /// Its standard error, by the spread of the surprises.
  double error() {
    double mean = sum / count;
    double variance = Math.max(0, squares / count - mean * mean);
    return count < 2 ? 0 : Math.sqrt(variance / (count - 1)) * value();
  }

  private static float logit(MemorySegment logits, long id) {
    return logits.get(ValueLayout.JAVA_FLOAT_UNALIGNED, id * Float.BYTES);
  }
}
