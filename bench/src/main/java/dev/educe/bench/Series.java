package dev.educe.bench;

import java.util.Arrays;
import java.util.Collection;

/// Values of repeated measurements, in order of size.
record Series(double[] sorted) {
  /// @throws IllegalArgumentException if there are none
  static Series of(Collection<Double> values) {
    return of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /// @throws IllegalArgumentException if there are none
  static Series of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("a series needs a value");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Series(sorted);
  }

  double median() {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  double least() {
    return sorted[0];
  }

  double greatest() {
    return sorted[sorted.length - 1];
  }

  /// The value that a share of all does not exceed: 0.99 for the 99th percentile.
  double at(double share) {
    return sorted[(int) Math.ceil(share * sorted.length) - 1];
  }

  int count() {
    return sorted.length;
  }
}
