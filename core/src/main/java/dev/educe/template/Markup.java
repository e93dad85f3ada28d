package dev.educe.template;

/// Escapes for HTML, which the filters `e` and `safe` leave traces of even where nothing else does.
final class Markup {
  private Markup() {}

  /// As `markupsafe.escape`; what is markup stays as it is.
  static Text escaped(Meter meter, Text text) {
    if (text.isMarkup()) {
      return text;
    }
    String string = text.string();
    var marks = text.marks();
    var escaped = new TextBuilder(meter);
    int plainFrom = 0;
    for (int i = 0; i < string.length(); i++) {
      String entity = entity(string.charAt(i));
      if (entity != null) {
        escaped.append(text, plainFrom, i);
        escaped.append(entity, marks.isEmpty() ? 0 : marks.flags(marks.runAt(i)));
        plainFrom = i + 1;
      }
    }
    return escaped.append(text, plainFrom, string.length()).text();
  }

  private static String entity(char c) {
    return switch (c) {
      case '&' -> "&amp;";
      case '<' -> "&lt;";
      case '>' -> "&gt;";
      case '\'' -> "&#39;";
      case '"' -> "&#34;";
      default -> null;
    };
  }
}
