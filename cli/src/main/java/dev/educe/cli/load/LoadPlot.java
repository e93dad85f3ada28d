package dev.educe.cli.load;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/// A sweep as an SVG picture: tokens a second, and the percentiles of three times, over the load.
public final class LoadPlot {
  private static final int WIDTH = 760;
  private static final int MARGIN = 24;
  private static final int HEAD = 76;
  private static final int PANEL_WIDTH = 340;
  private static final int PANEL_HEIGHT = 230;
  private static final int GAP = 32;
  private static final int AXIS_WIDTH = 48;
  private static final int PLOT_HEIGHT = 160;
  private static final int TICKS = 4;

  private final List<LoadResult> results;
  private final StringBuilder body = new StringBuilder();

  private record Line(String kind, ToDoubleFunction<LoadResult> value) {}

  private LoadPlot(List<LoadResult> results) {
    this.results = results;
  }

  /// @param title what was measured
  /// @param remark how, in a line
  /// @param results of at least one load, all of the same kind
  public static String of(String title, String remark, List<LoadResult> results) {
    var plot = new LoadPlot(results);
    plot.text(MARGIN, MARGIN + 8, "title", title);
    plot.text(MARGIN, MARGIN + 26, "small", remark);
    plot.panel(0, "tokens written a second", List.of(new Line("own", LoadResult::tokenRate)));
    plot.panel(1, "first token, ms", percentiles(LoadResult::firstTimes));
    plot.panel(2, "each token after the first, ms", percentiles(LoadResult::tokenTimes));
    plot.panel(3, "whole answer, ms", percentiles(LoadResult::totalTimes));
    return head(HEAD + 2 * (PANEL_HEIGHT + GAP)) + plot.body + "</svg>\n";
  }

  private interface Times {
    Spread of(LoadResult result);
  }

  private static List<Line> percentiles(Times times) {
    return List.of(
        new Line("own", result -> times.of(result).percentile(50)),
        new Line("p90", result -> times.of(result).percentile(90)),
        new Line("p99", result -> times.of(result).percentile(99)));
  }

  private static String head(int height) {
    return """
    <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" \
    viewBox="0 0 %1$d %2$d" font-family="system-ui, sans-serif" font-size="12">
    <style>
    .title { font-size: 18px; font-weight: 600; fill: #1b2430 }
    .group { font-size: 13px; font-weight: 600; fill: #1b2430 }
    .small { font-size: 10.5px; fill: #6b7787 }
    .end { text-anchor: end }
    .middle { text-anchor: middle }
    .grid { stroke: #e3e8ee }
    polyline { fill: none; stroke-width: 2 }
    .own { stroke: #d9622b; fill: #d9622b }
    .p90 { stroke: #6f8aa8; fill: #6f8aa8 }
    .p99 { stroke: #9fb3c8; fill: #9fb3c8 }
    .name { stroke: none }
    </style>
    <rect width="100%%" height="100%%" fill="#ffffff"/>
    """
        .formatted(WIDTH, height);
  }

  private void panel(int number, String title, List<Line> lines) {
    int x = MARGIN + number % 2 * (PANEL_WIDTH + GAP);
    int y = HEAD + number / 2 * (PANEL_HEIGHT + GAP);
    text(x, y, "group", title);
    double step = step(lines);
    double top = step * TICKS;
    int left = x + AXIS_WIDTH;
    int bottom = y + 20 + PLOT_HEIGHT;
    for (int tick = 0; tick <= TICKS; tick++) {
      int at = bottom - PLOT_HEIGHT * tick / TICKS;
      add(
          "<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>",
          left, at, x + PANEL_WIDTH, at);
      text(left - 6, at + 4, "small end", number(step * tick));
    }
    for (int i = 0; i < results.size(); i++) {
      text((int) across(left, i), bottom + 16, "small middle", results.get(i).valueText());
    }
    text(left, bottom + 32, "small", results.getFirst().kind());
    for (int i = 0; i < lines.size(); i++) {
      line(lines.get(i), left, bottom, top);
      if (lines.size() > 1) {
        String name = i == 0 ? "p50" : lines.get(i).kind;
        text(x + PANEL_WIDTH - 34 * (lines.size() - i) + 6, y, lines.get(i).kind + " name", name);
      }
    }
  }

  private void line(Line line, int left, int bottom, double top) {
    var points = new StringBuilder();
    for (int i = 0; i < results.size(); i++) {
      double x = across(left, i);
      double y = bottom - PLOT_HEIGHT * line.value.applyAsDouble(results.get(i)) / top;
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
      add("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", line.kind, x, y);
    }
    add(
        "<polyline class=\"%s\" style=\"fill: none\" points=\"%s\"/>",
        line.kind, points.toString().strip());
  }

  /// Loads stand at equal distances, in the order in which they were given.
  private double across(int left, int index) {
    double width = PANEL_WIDTH - AXIS_WIDTH;
    return left + width * (index + 0.5) / results.size();
  }

  /// The distance of the grid's lines: 1, 2 or 5 times a power of ten, so that all values fit.
  private double step(List<Line> lines) {
    double most = 0;
    for (Line line : lines) {
      most = Math.max(most, results.stream().mapToDouble(line.value).max().orElse(0));
    }
    double least = Math.max(most, 1e-3) / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(least)));
    for (double factor : new double[] {1, 2, 2.5, 5}) {
      if (factor * power >= least) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, value == Math.rint(value) ? "%,.0f" : "%.3g", value);
  }

  private void text(int x, int baseline, String kind, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    add("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>", kind, x, baseline, escaped);
  }

  private void add(String format, Object... values) {
    body.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
