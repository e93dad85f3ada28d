package dev.educe.cli.load;

import java.util.random.RandomGenerator;

/// When requests arrive that do not wait for each other: gaps drawn from a gamma distribution.
///
/// With burstiness 1 the gaps are exponential, and the arrivals a Poisson process: many clients who
/// know nothing of each other. Below 1 they come in bursts, above 1 more evenly.
///
/// Source: Marsaglia and Tsang 2000, "A Simple Method for Generating Gamma Variables".
final class Arrivals {
  private final double meanNanos;
  private final double shape;
  private final RandomGenerator random;

  /// @param rate requests a second
  /// @param burstiness above 0
  Arrivals(double rate, double burstiness, RandomGenerator random) {
    this.meanNanos = 1e9 / rate;
    this.shape = burstiness;
    this.random = random;
  }

  /// Nanoseconds to the next.
  double gapNanos() {
    return gamma(shape) / shape * meanNanos;
  }

  /// A gamma variable of scale 1.
  private double gamma(double shape) {
    if (shape < 1) {
      return gamma(shape + 1) * Math.pow(1 - random.nextDouble(), 1 / shape);
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = random.nextGaussian();
      double v = Math.pow(1 + c * x, 3);
      double u = 1 - random.nextDouble();
      if (v > 0 && Math.log(u) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
        return d * v;
      }
    }
  }
}
