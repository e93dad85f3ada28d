package dev.educe.cli.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// Histograms that a server publishes for Prometheus.
///
/// Source: Prometheus, "Exposition formats", text format 0.0.4; quantiles as its
/// `histogram_quantile` has them.
public final class ServerFigures {
  private static final Pattern BOUND = Pattern.compile("le=\"([^\"]*)\"");

  private final List<String> lines;

  /// @param text as it was scraped
  public ServerFigures(String text) {
    this.lines = text.lines().toList();
  }

  /// What the server counted between two scrapes, this being the later one: the same times as a
  /// client's, by the same names.
  ///
  /// @param model only what has this label
  public Map<String, Histogram> since(ServerFigures before, String model) {
    var histograms = new LinkedHashMap<String, Histogram>();
    histograms.put("ttft", since(before, "educe_time_to_first_token_seconds", model));
    histograms.put("tpot", since(before, "educe_inter_token_latency_seconds", model));
    return histograms;
  }

  Histogram since(ServerFigures before, String name, String model) {
    var now = cumulative(name, model);
    before.cumulative(name, model).forEach((bound, count) -> now.merge(bound, -count, Long::sum));
    var bounds = new ArrayList<Double>(now.keySet());
    var counts = new ArrayList<Long>();
    long below = 0;
    for (long count : now.values()) {
      counts.add(count - below);
      below = count;
    }
    return new Histogram(bounds, counts);
  }

  /// Bound in seconds to how many values do not exceed it.
  private TreeMap<Double, Long> cumulative(String name, String model) {
    var counts = new TreeMap<Double, Long>();
    for (String line : lines) {
      if (line.startsWith(name + "_bucket{") && line.contains("model=\"" + model + "\"")) {
        var bound = BOUND.matcher(line);
        if (bound.find()) {
          double seconds =
              bound.group(1).equals("+Inf")
                  ? Double.POSITIVE_INFINITY
                  : Double.parseDouble(bound.group(1));
          double count = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
          counts.merge(seconds, (long) count, Long::sum);
        }
      }
    }
    return counts;
  }

  /// Counts of values by the buckets that they are in.
  ///
  /// @param bounds upper ones in seconds, ascending; the last is infinite
  /// @param counts of each bucket
  public record Histogram(List<Double> bounds, List<Long> counts) {
    public long count() {
      return counts.stream().mapToLong(Long::longValue).sum();
    }

    /// A percentile in milliseconds, on a straight line through the bucket it is in; 0 if nothing
    /// was counted.
    public double percentile(double percent) {
      double rank = percent / 100 * count();
      double below = 0;
      double from = 0;
      for (int i = 0; i < bounds.size() && rank > 0; i++) {
        double to = bounds.get(i);
        if (below + counts.get(i) >= rank) {
          double share = (rank - below) / counts.get(i);
          return 1e3 * (Double.isInfinite(to) ? from : from + share * (to - from));
        }
        below += counts.get(i);
        from = to;
      }
      return 0;
    }
  }
}
