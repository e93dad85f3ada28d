package dev.educe.optimize.train;

import java.util.Arrays;

/// The losses of the steps that were taken, in nats per token.
///
/// @param hard of the tokens that came
/// @param divergence from the teacher; 0 for a step in which it said nothing
public record History(double[] hard, double[] divergence) {
  static final History EMPTY = new History(new double[0], new double[0]);

  /// How many steps were taken.
  public int steps() {
    return hard.length;
  }

  /// The mean of the last steps.
  ///
  /// @param values one of the arrays
  /// @param count how many steps at most
  public static double last(double[] values, int count) {
    int from = Math.max(0, values.length - count);
    return Arrays.stream(values, from, values.length).average().orElse(Double.NaN);
  }

  History with(double nextHard, double nextDivergence) {
    return new History(append(hard, nextHard), append(divergence, nextDivergence));
  }

  private static double[] append(double[] values, double next) {
    double[] longer = Arrays.copyOf(values, values.length + 1);
    longer[values.length] = next;
    return longer;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof History that
        && Arrays.equals(hard, that.hard)
        && Arrays.equals(divergence, that.divergence);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(hard) + Arrays.hashCode(divergence);
  }
}
