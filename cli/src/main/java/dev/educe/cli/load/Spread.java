package dev.educe.cli.load;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.DoubleStream;

/// Times of many requests, in milliseconds and in order of size.
///
/// @param sorted in ascending order; perhaps none
public record Spread(double[] sorted) {
  /// @param nanos in any order
  public static Spread ofNanos(DoubleStream nanos) {
    double[] sorted = nanos.map(each -> each / 1e6).toArray();
    Arrays.sort(sorted);
    return new Spread(sorted);
  }

  public boolean isEmpty() {
    return sorted.length == 0;
  }

  /// The least value that so many percent do not exceed; 0 if there are none.
  public double percentile(double percent) {
    if (sorted.length == 0) {
      return 0;
    }
    int rank = (int) Math.ceil(percent / 100 * sorted.length);
    return sorted[Math.clamp(rank - 1, 0, sorted.length - 1)];
  }

  public double mean() {
    return Arrays.stream(sorted).average().orElse(0);
  }

  public double max() {
    return percentile(100);
  }

  /// The figures that are shown of it, by name.
  public Map<String, Object> json() {
    var object = new LinkedHashMap<String, Object>();
    object.put("mean", mean());
    object.put("p50", percentile(50));
    object.put("p90", percentile(90));
    object.put("p95", percentile(95));
    object.put("p99", percentile(99));
    object.put("max", max());
    return object;
  }
}
