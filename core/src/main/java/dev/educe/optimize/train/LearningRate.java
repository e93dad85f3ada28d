package dev.educe.optimize.train;

/// The rate of each step: it rises evenly to its peak, then falls along half a cosine to a
/// hundredth of it.
///
/// @param steps of the whole training
/// @param warmup steps until the peak
record LearningRate(double peak, int steps, int warmup) {
  private static final double LAST_SHARE = 0.01;

  /// Warms up for a thirtieth of the steps.
  static LearningRate of(double peak, int steps) {
    return new LearningRate(peak, steps, Math.max(1, steps / 30));
  }

  /// @param step from 1
  float at(int step) {
    if (step <= warmup) {
      return (float) (peak * step / warmup);
    }
    double share = (double) (step - warmup) / Math.max(1, steps - warmup);
    double fall = (1 + StrictMath.cos(Math.PI * share)) / 2;
    return (float) (peak * (LAST_SHARE + (1 - LAST_SHARE) * fall));
  }
}
