package dev.educe.cli.distil;

import dev.educe.optimize.train.History;
import java.util.Arrays;
import java.util.Locale;

/// The losses of a training over its steps: in characters for a terminal, and as an SVG picture.
public final class LossPlot {
  private static final int COLUMNS = 72;
  private static final int ROWS = 12;
  private static final int POINTS = 400;
  private static final int WIDTH = 720;
  private static final int HEIGHT = 300;
  private static final int MARGIN = 50;

  private LossPlot() {}

  /// The loss of the text as bars of the means of equal parts of the steps.
  public static String text(History history) {
    double[] means = means(history.hard(), Math.min(COLUMNS, history.steps()));
    double top = Arrays.stream(means).max().orElse(1);
    var plot = new StringBuilder();
    for (int row = ROWS; row > 0; row--) {
      double level = top * (row - 0.5) / ROWS;
      plot.append(String.format(Locale.ROOT, "%6.2f ", top * row / ROWS));
      for (double mean : means) {
        plot.append(mean >= level ? '█' : ' ');
      }
      plot.append('\n');
    }
    return plot.append("       nats per token over %,d steps%n".formatted(history.steps()))
        .toString();
  }

  /// Both losses as lines.
  ///
  /// @param title what was trained
  public static String svg(String title, History history) {
    double[] hard = means(history.hard(), Math.min(POINTS, history.steps()));
    double[] divergence = means(history.divergence(), Math.min(POINTS, history.steps()));
    double top = Math.ceil(Math.max(1, Arrays.stream(hard).max().orElse(1)));
    var body = new StringBuilder();
    for (int tick = 0; tick <= top; tick++) {
      double y = y(tick, top);
      body.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#e3e8ee\"/>"
                  + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>%n",
              MARGIN,
              y,
              WIDTH - MARGIN,
              y,
              MARGIN - 8,
              y + 4,
              tick));
    }
    body.append(line(hard, top, "#d9622b")).append(line(divergence, top, "#6f8aa8"));
    return String.format(
        Locale.ROOT,
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" \
        viewBox="0 0 %1$d %2$d" font-family="system-ui, sans-serif" font-size="12">
        <rect width="100%%" height="100%%" fill="#ffffff"/>
        <text x="%3$d" y="24" font-size="16">%4$s: nats per token over %5$,d steps</text>
        <text x="%6$d" y="24" text-anchor="end"><tspan fill="#d9622b">of the text</tspan> \
        <tspan fill="#6f8aa8">from the teacher</tspan></text>
        %7$s</svg>
        """,
        WIDTH,
        HEIGHT,
        MARGIN,
        title.replace("&", "&amp;").replace("<", "&lt;"),
        history.steps(),
        WIDTH - MARGIN,
        body);
  }

  private static String line(double[] means, double top, String colour) {
    var points = new StringBuilder();
    for (int i = 0; i < means.length; i++) {
      double x = MARGIN + (WIDTH - 2.0 * MARGIN) * (i + 0.5) / means.length;
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y(means[i], top)));
    }
    return "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"%s\" points=\"%s\"/>%n"
        .formatted(colour, points.toString().strip());
  }

  private static double y(double value, double top) {
    return HEIGHT - MARGIN - (HEIGHT - 2.0 * MARGIN) * value / top;
  }

  /// The means of equal parts.
  private static double[] means(double[] values, int parts) {
    double[] means = new double[parts];
    for (int i = 0; i < parts; i++) {
      int from = (int) ((long) values.length * i / parts);
      int to = (int) ((long) values.length * (i + 1) / parts);
      means[i] = Arrays.stream(values, from, to).average().orElse(0);
    }
    return means;
  }
}
