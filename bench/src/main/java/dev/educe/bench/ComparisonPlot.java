package dev.educe.bench;

import java.util.Locale;

/// A comparison as an SVG picture: a group of bars for each metric, the longest as wide as the
/// picture.
final class ComparisonPlot {
  private static final int WIDTH = 760;
  private static final int MARGIN = 24;
  private static final int LABEL_WIDTH = 150;
  private static final int VALUE_WIDTH = 170;
  private static final int BAR_HEIGHT = 16;
  private static final int BAR_STEP = 22;
  private static final int GROUP_HEAD = 34;
  private static final int BAR_WIDTH = WIDTH - 2 * MARGIN - LABEL_WIDTH - VALUE_WIDTH;

  private final StringBuilder body = new StringBuilder();
  private final Comparison comparison;
  private int y = MARGIN;

  private ComparisonPlot(Comparison comparison) {
    this.comparison = comparison;
  }

  static String of(Comparison comparison) {
    return new ComparisonPlot(comparison).draw();
  }

  private String draw() {
    y += 8;
    text(MARGIN, y, "title", "Educe and its peers: " + comparison.model());
    y += 18;
    text(
        MARGIN,
        y,
        "small",
        "medians, rounds: %d; × is Educe divided by the peer".formatted(comparison.rounds()));
    comparison.metrics().forEach(this::group);
    y += 14;
    text(MARGIN, y, "small", comparison.machine().line());
    for (var peer : comparison.versions().entrySet()) {
      y += 15;
      text(MARGIN, y, "small", peer.getKey() + ": " + peer.getValue());
    }
    int height = y + MARGIN;
    return head(height) + body + "</svg>\n";
  }

  private static String head(int height) {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" \
    viewBox="0 0 %1$d %2$d" font-family="system-ui, sans-serif" font-size="12">
    <style>
    .title { font-size: 18px; font-weight: 600; fill: #1b2430 }
    .group { font-size: 13px; font-weight: 600; fill: #1b2430 }
    .label { fill: #3d4a5c }
    .small { font-size: 10.5px; fill: #6b7787 }
    .own { fill: #d9622b }
    .peer { fill: #9fb3c8 }
    .spread { stroke: #1b2430; stroke-width: 1 }
    </style>
    <rect width="100%%" height="100%%" fill="#ffffff"/>
    """
        .formatted(WIDTH, height);
  }

  private void group(Metric metric) {
    y += GROUP_HEAD;
    String direction = metric.higherIsBetter() ? "more is better" : "less is better";
    text(MARGIN, y, "group", "%s, %s (%s)".formatted(metric.title(), metric.unit(), direction));
    y += 8;
    double longest =
        metric.entries().stream()
            .flatMap(entry -> entry.values().stream())
            .mapToDouble(Series::greatest)
            .max()
            .orElse(1);
    metric.entries().stream()
        .filter(entry -> entry.values().isPresent() || !entry.failures().isEmpty())
        .forEach(entry -> bar(entry, longest));
  }

  private void bar(Metric.Entry entry, double longest) {
    int x = MARGIN + LABEL_WIDTH;
    int middle = y + BAR_HEIGHT / 2;
    text(MARGIN, middle + 4, "label", entry.peer());
    if (entry.values().isEmpty()) {
      text(x, middle + 4, "small", "no figure");
      y += BAR_STEP;
      return;
    }
    var values = entry.values().get();
    String kind =
        switch (entry.peer()) {
          case EducePeer.NAME -> "own";
          case MachinePeer.NAME -> "limit";
          default -> "peer";
        };
    add(
        "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>",
        kind, x, y, BAR_WIDTH * values.median() / longest, BAR_HEIGHT);
    add(
        "<line class=\"spread\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>",
        x + BAR_WIDTH * values.least() / longest,
        middle,
        x + BAR_WIDTH * values.greatest() / longest,
        middle);
    String ratio =
        entry
            .ratio()
            .map(series -> String.format(Locale.ROOT, "   %.2f ×", series.median()))
            .orElse("");
    text(
        x + BAR_WIDTH + 10,
        middle + 4,
        "label",
        String.format(Locale.ROOT, values.median() < 10 ? "%.2f" : "%,.0f", values.median())
            + ratio);
    y += BAR_STEP;
  }

  private void text(int x, int baseline, String kind, String text) {
    add("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>", kind, x, baseline, escaped(text));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }

  private void add(String format, Object... values) {
    body.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
