package dev.educe.cli;

import dev.educe.cli.load.Svg;
import dev.educe.optimize.evaluate.Evaluation;
import java.util.List;

/// Quality against size, as an SVG picture or as text: below and to the left is better.
///
/// Quality is the mean divergence from a reference, in powers of ten; without a reference,
/// perplexity.
final class QualityPlot {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 440;
  private static final int MARGIN = 24;
  private static final int LEFT = 88;
  private static final int TOP = 76;
  private static final int BOTTOM = HEIGHT - 56;
  private static final int RIGHT = WIDTH - 120; // names stand to the right of their points

  private static final int TICKS = 4;
  private static final int COLUMNS = 64;
  private static final int ROWS = 12;

  // What is shown of models that hardly differ from their reference.
  private static final double DIVERGENCE_MIN = 1e-6;

  /// A model: its letter in tables, its size in bytes, and its height in the plot.
  private record Point(char letter, String name, double bytes, double height) {}

  private final List<Point> points;
  private final boolean isDivergence;
  private final double bytesMax;
  private final double lowest;
  private final double highest;

  /// @param results of one model or more; if any has a divergence, those without are left out
  QualityPlot(List<Evaluation> results) {
    this.isDivergence = results.stream().anyMatch(result -> result.divergence().isPresent());
    this.points =
        results.stream()
            .filter(result -> !isDivergence || result.divergence().isPresent())
            .map(result ->
                new Point(
                    letter(results.indexOf(result)),
                    result.path().getFileName().toString(),
                    result.fileBytes(),
                    height(result)))
            .toList();
    this.bytesMax = points.stream().mapToDouble(Point::bytes).max().orElseThrow() * 1.05;
    double least = points.stream().mapToDouble(Point::height).min().orElseThrow();
    double most = points.stream().mapToDouble(Point::height).max().orElseThrow();
    double room = Math.max(0.05 * (most - least), isDivergence ? 0.1 : 0.001 * most);
    this.lowest = least - room;
    this.highest = most + room;
  }

  /// What a row of a table is called in the plot.
  static char letter(int row) {
    return row < 26 ? (char) ('a' + row) : '*';
  }

  private double height(Evaluation result) {
    return isDivergence
        ? Math.log10(Math.max(DIVERGENCE_MIN, result.divergence().orElseThrow().mean()))
        : result.perplexity().value();
  }

  private String label(double height) {
    return isDivergence
        ? Display.format("%.2g", Math.pow(10, height))
        : Display.format("%.4g", height);
  }

  private String quality() {
    return isDivergence ? "mean divergence" : "perplexity";
  }

  /// The picture.
  ///
  /// @param remark how it was measured, in a line
  String svg(String remark) {
    var svg = new Svg();
    svg.text(MARGIN, MARGIN + 8, "title", "Quality against size");
    svg.text(MARGIN, MARGIN + 26, "small", remark);
    svg.text(MARGIN, TOP - 12, "group", quality());
    for (int tick = 0; tick <= TICKS; tick++) {
      double share = (double) tick / TICKS;
      int y = (int) (BOTTOM - share * (BOTTOM - TOP));
      svg.grid(LEFT, y, RIGHT, y);
      svg.text(LEFT - 6, y + 4, "small end", label(lowest + share * (highest - lowest)));
      int x = (int) (LEFT + share * (RIGHT - LEFT));
      svg.text(x, BOTTOM + 18, "small middle", Display.bytes((long) (share * bytesMax)));
    }
    svg.text(LEFT, BOTTOM + 38, "small", "size of the file");
    for (Point point : points) {
      double x = LEFT + point.bytes / bytesMax * (RIGHT - LEFT);
      double y = BOTTOM - (point.height - lowest) / (highest - lowest) * (BOTTOM - TOP);
      svg.add("<circle class=\"own\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", x, y);
      svg.text((int) x + 8, (int) y + 4, "small", point.name);
    }
    return svg.of(WIDTH, HEIGHT);
  }

  /// The same for a terminal, with the letters of the table.
  String text() {
    var cells = new char[ROWS][];
    for (int row = 0; row < ROWS; row++) {
      cells[row] = " ".repeat(COLUMNS).toCharArray();
    }
    for (Point point : points) {
      int column = (int) (point.bytes / bytesMax * (COLUMNS - 1));
      int row = (int) Math.round((highest - point.height) / (highest - lowest) * (ROWS - 1));
      cells[row][column] = cells[row][column] == ' ' ? point.letter : '*';
    }
    var text = new StringBuilder(Display.format("%n%10s%n", quality()));
    for (int row = 0; row < ROWS; row++) {
      boolean isLabelled = row % (ROWS - 1) == 0;
      String label = isLabelled ? label(highest - (highest - lowest) * row / (ROWS - 1)) : "";
      text.append(Display.format("%9s │%s%n", label, new String(cells[row]).stripTrailing()));
    }
    text.append(Display.format("%9s └%s%n", "", "─".repeat(COLUMNS)));
    return text.append(
            Display.format(
                "%11s%-8s%" + (COLUMNS - 8) + "s%n", "", "0", Display.bytes((long) bytesMax)))
        .toString();
  }
}
