package dev.educe.template;

/// The escapes of Python's string literals.
final class Escapes {
  private Escapes() {}

  /// @throws TemplateException if an escape is cut off or names no character
  static String resolve(String literal, int line) {
    if (literal.indexOf('\\') < 0) {
      return literal;
    }
    var text = new StringBuilder(literal.length());
    int i = 0;
    while (i < literal.length()) {
      char c = literal.charAt(i++);
      i = c == '\\' ? escape(literal, i, text, line) : plain(c, i, text);
    }
    return text.toString();
  }

  private static int plain(char c, int next, StringBuilder text) {
    text.append(c);
    return next;
  }

  /// Appends what an escape stands for; `at` is behind the backslash.
  private static int escape(String literal, int at, StringBuilder text, int line) {
    char c = literal.charAt(at);
    int simple = "\\'\"abfnrtv".indexOf(c);
    if (simple >= 0) {
      return plain("\\'\"\u0007\b\f\n\r\t\u000b".charAt(simple), at + 1, text);
    }
    return switch (c) {
      case '\n' -> at + 1;
      case 'x' -> hex(literal, at + 1, 2, text, line);
      case 'u' -> hex(literal, at + 1, 4, text, line);
      case 'U' -> hex(literal, at + 1, 8, text, line);
      case 'N' -> named(literal, at + 1, text, line);
      default -> c >= '0' && c <= '7' ? octal(literal, at, text) : plain('\\', at, text);
    };
  }

  private static int hex(String literal, int at, int digits, StringBuilder text, int line) {
    int c = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at + i < literal.length() ? Character.digit(literal.charAt(at + i), 16) : -1;
      if (digit < 0 || (c = c * 16 + digit) > Character.MAX_CODE_POINT) {
        throw new TemplateException("a string has an escape that is no character", line);
      }
    }
    text.appendCodePoint(c);
    return at + digits;
  }

  private static int octal(String literal, int at, StringBuilder text) {
    int c = 0;
    int i = at;
    for (; i < Math.min(at + 3, literal.length()); i++) {
      int digit = Character.digit(literal.charAt(i), 8);
      if (digit < 0) {
        break;
      }
      c = c * 8 + digit;
    }
    text.appendCodePoint(c);
    return i;
  }

  private static int named(String literal, int at, StringBuilder text, int line) {
    int end = literal.indexOf('}', at);
    try {
      if (end > at && literal.charAt(at) == '{') {
        text.appendCodePoint(Character.codePointOf(literal.substring(at + 1, end)));
        return end + 1;
      }
    } catch (IllegalArgumentException _) {
      // no such name
    }
    throw new TemplateException("a string has an escape that names no character", line);
  }
}
