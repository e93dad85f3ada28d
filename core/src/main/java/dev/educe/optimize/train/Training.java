package dev.educe.optimize.train;

/// How a student is trained. Everything here but `threads` decides the result.
///
/// @param steps of the optimizer
/// @param batchTokens tokens of a step at most; a piece of text alone may be longer
/// @param contextLength tokens of a piece of text at most
/// @param learningRate at its peak
/// @param soft share of the teacher's distribution in what is learned, 0 to 1; the rest is the text
/// @param hints weight of resembling the teacher's layers at the first step, see [Hints]; 0 for
///   none
/// @param decay of matrices
/// @param seed of the order of the texts
/// @param threads how many compute
public record Training(
    int steps,
    int batchTokens,
    int contextLength,
    double learningRate,
    float soft,
    float hints,
    float decay,
    long seed,
    int threads) {
  /// @throws IllegalArgumentException if a number is out of range
  public Training {
    check(steps >= 1 && steps <= 10_000_000, "steps", "1 to 10,000,000", steps);
    check(batchTokens >= 1 && batchTokens <= 1 << 20, "batch", "1 to 1,048,576", batchTokens);
    check(contextLength >= 2, "context", "2 or more", contextLength);
    check(learningRate > 0 && learningRate <= 1, "learning rate", "above 0 to 1", learningRate);
    check(soft >= 0 && soft <= 1, "soft", "0 to 1", soft);
    check(hints >= 0 && hints <= 1000, "hints", "0 to 1,000", hints);
    check(decay >= 0 && decay <= 1, "decay", "0 to 1", decay);
    check(threads >= 1 && threads <= 1024, "threads", "1 to 1,024", threads);
  }

  private static void check(boolean holds, String name, String rule, Object value) {
    if (!holds) {
      throw new IllegalArgumentException("%s must be %s, got %s".formatted(name, rule, value));
    }
  }

  /// What decides the result, in a line.
  String line() {
    return "steps=%d batch=%d context=%d learning-rate=%s soft=%s hints=%s decay=%s seed=%d"
        .formatted(steps, batchTokens, contextLength, learningRate, soft, hints, decay, seed);
  }
}
