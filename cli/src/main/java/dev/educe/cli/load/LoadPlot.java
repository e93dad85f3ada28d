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
  private final Svg svg = new Svg();

  private record Line(String kind, ToDoubleFunction<LoadResult> value) {}

  private LoadPlot(List<LoadResult> results) {
    this.results = results;
  }

  /// @param title what was measured
  /// @param remark how, in a line
  /// @param results of at least one load, all of the same kind
  public static String of(String title, String remark, List<LoadResult> results) {
    var plot = new LoadPlot(results);
    plot.svg.text(MARGIN, MARGIN + 8, "title", title);
    plot.svg.text(MARGIN, MARGIN + 26, "small", remark);
    plot.panel(0, "tokens written a second", List.of(new Line("own", LoadResult::tokenRate)));
    plot.panel(1, "first token, ms", percentiles(LoadResult::firstTimes));
    plot.panel(2, "each token after the first, ms", percentiles(LoadResult::tokenTimes));
    plot.panel(3, "whole answer, ms", percentiles(LoadResult::totalTimes));
    return plot.svg.of(WIDTH, HEAD + 2 * (PANEL_HEIGHT + GAP));
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

  private void panel(int number, String title, List<Line> lines) {
    int x = MARGIN + number % 2 * (PANEL_WIDTH + GAP);
    int y = HEAD + number / 2 * (PANEL_HEIGHT + GAP);
    svg.text(x, y, "group", title);
    double step = step(lines);
    double top = step * TICKS;
    int left = x + AXIS_WIDTH;
    int bottom = y + 20 + PLOT_HEIGHT;
    for (int tick = 0; tick <= TICKS; tick++) {
      int at = bottom - PLOT_HEIGHT * tick / TICKS;
      svg.grid(left, at, x + PANEL_WIDTH, at);
      svg.text(left - 6, at + 4, "small end", number(step * tick));
    }
    for (int i = 0; i < results.size(); i++) {
      svg.text((int) across(left, i), bottom + 16, "small middle", results.get(i).valueText());
    }
    svg.text(left, bottom + 32, "small", results.getFirst().kind());
    for (int i = 0; i < lines.size(); i++) {
      line(lines.get(i), left, bottom, top);
      if (lines.size() > 1) {
        String name = i == 0 ? "p50" : lines.get(i).kind;
        svg.text(
            x + PANEL_WIDTH - 34 * (lines.size() - i) + 6, y, lines.get(i).kind + " name", name);
      }
    }
  }

  private void line(Line line, int left, int bottom, double top) {
    var points = new StringBuilder();
    for (int i = 0; i < results.size(); i++) {
      double x = across(left, i);
      double y = bottom - PLOT_HEIGHT * line.value.applyAsDouble(results.get(i)) / top;
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
      svg.add("<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", line.kind, x, y);
    }
    svg.add(
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
}
