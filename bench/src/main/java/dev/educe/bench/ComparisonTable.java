package dev.educe.bench;

import java.util.Locale;

/// A comparison as text for a terminal.
final class ComparisonTable {
  private static final double MEGABYTE = 1e6;

  private final StringBuilder out = new StringBuilder();
  private final Comparison comparison;

  private ComparisonTable(Comparison comparison) {
    this.comparison = comparison;
  }

  static String of(Comparison comparison) {
    return new ComparisonTable(comparison).write();
  }

  private String write() {
    line("");
    line("%s; %s", comparison.model(), comparison.machine().line());
    comparison.versions().forEach((peer, version) -> line("  %s: %s", peer, version));
    comparison.absent().forEach((peer, why) -> line("  absent: %s (%s)", peer, why));
    comparison.metrics().forEach(this::metric);
    memory();
    return out.toString();
  }

  private void metric(Metric metric) {
    line("");
    line(
        "%-20s %7s %10s  %-21s  Educe/peer, %s",
        metric.title(),
        "threads",
        metric.unit(),
        "least to greatest",
        metric.higherIsBetter() ? "more is better" : "less is better");
    for (var entry : metric.entries()) {
      if (entry.values().isEmpty()) {
        entry.failures().forEach(failure -> line("  %-18s – %s", entry.peer(), failure));
        continue;
      }
      var values = entry.values().get();
      line(
          "  %-18s %7d %10.2f  %-21s  %s",
          entry.peer(),
          entry.threads().orElse(0),
          values.median(),
          spread(values),
          entry
              .ratio()
              .map(ratio -> String.format(Locale.ROOT, "%5.2f", ratio.median()) + rest(ratio))
              .orElse(""));
      entry.failures().forEach(failure -> line("  %-18s with %s", "", failure));
    }
  }

  private static String spread(Series series) {
    return String.format(Locale.ROOT, "%.2f to %.2f", series.least(), series.greatest());
  }

  private static String rest(Series series) {
    return series.count() > 1 ? " (" + spread(series) + ")" : "";
  }

  private void memory() {
    var work = comparison.work();
    double given = (work.tensorBytes() + work.kvBytes(comparison.load().prompt())) / MEGABYTE;
    comparison
        .metrics()
        .getLast()
        .ownValues()
        .ifPresent(own ->
            line(
                "%nOf Educe's memory %,.0f MB are weights (as in the file), keys and values;"
                    + " the rest is %,.0f MB",
                given, own.median() - given));
  }

  private void line(String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
