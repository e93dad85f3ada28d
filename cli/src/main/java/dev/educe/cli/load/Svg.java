package dev.educe.cli.load;

import java.util.Locale;

/// An SVG picture in the making: its head and its shapes, in the colours that all pictures have.
public final class Svg {
  private static final String HEAD =
      """
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
      """;

  private final StringBuilder body = new StringBuilder();

  /// An empty picture.
  public Svg() {}

  /// Adds a text.
  ///
  /// @param kind its classes
  public void text(int x, int baseline, String kind, String text) {
    String escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    add("<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>", kind, x, baseline, escaped);
  }

  /// Adds a line of the grid.
  public void grid(int x1, int y1, int x2, int y2) {
    add("<line class=\"grid\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>", x1, y1, x2, y2);
  }

  /// Adds a shape, as [String#format] makes it, with the same digits everywhere.
  public void add(String format, Object... values) {
    body.append(String.format(Locale.ROOT, format, values)).append('\n');
  }

  /// The picture.
  public String of(int width, int height) {
    return String.format(Locale.ROOT, HEAD, width, height) + body + "</svg>\n";
  }
}
