package dev.educe.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// How numbers and foreign text are shown to people.
final class Display {
  private static final String[] UNITS = {"bytes", "kB", "MB", "GB", "TB", "PB", "EB"};

  private Display() {}

  /// Three digits and a decimal unit: `1.18 MB`.
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 999.5 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    return (unit == 0 ? Long.toString(bytes) : threeDigits(value)) + " " + UNITS[unit];
  }

  /// Three digits and a word: `260 thousand`, `1.10 billion`.
  static String count(long count) {
    if (count < 1_000) {
      return Long.toString(count);
    }
    String[] words = {"thousand", "million", "billion", "trillion"};
    double value = count / 1e3;
    int word = 0;
    while (value >= 999.5 && word < words.length - 1) {
      value /= 1000;
      word++;
    }
    return threeDigits(value) + " " + words[word];
  }

  /// Tokens per second: two decimals where they mean something.
  static String rate(double rate) {
    return format(rate < 100 ? "%.2f" : "%,.0f", rate);
  }

  /// A number without superfluous digits: `4`, `0.5`.
  static String number(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  /// As [String#format], with the same digits everywhere.
  static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  /// Text with control characters, other than line ends and tabs, made visible.
  static String visible(String text) {
    if (text.codePoints().noneMatch(Display::isSteering)) {
      return text;
    }
    var shown = new StringBuilder();
    text.codePoints()
        .map(c -> !isSteering(c) ? c : c < 0x20 ? 0x2400 + c : c == 0x7f ? 0x2421 : 0xfffd)
        .forEach(shown::appendCodePoint);
    return shown.toString();
  }

  /// Text on one line, in quotation marks, at most so many characters of it.
  static String quoted(String text, int charactersMax) {
    boolean isLong = text.codePointCount(0, text.length()) > charactersMax;
    String part = isLong ? text.substring(0, text.offsetByCodePoints(0, charactersMax)) : text;
    String line =
        part.replace("\\", "\\\\")
            .replace("\"", "\\\"")
            .replace("\n", "\\n")
            .replace("\r", "\\r")
            .replace("\t", "\\t");
    return "\"" + visible(line) + (isLong ? "…\"" : "\"");
  }

  /// Bytes as UTF-8 text.
  ///
  /// @param source as it appears in the message
  /// @throws IOException if they are not UTF-8
  static String decode(byte[] bytes, String source) throws IOException {
    var buffer = ByteBuffer.wrap(bytes);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(buffer).toString();
    } catch (CharacterCodingException e) {
      throw new IOException(
          "%s is not UTF-8 text: byte 0x%02x at offset %d"
              .formatted(source, bytes[buffer.position()], buffer.position()),
          e);
    }
  }

  private static boolean isSteering(int c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
  }

  private static String threeDigits(double value) {
    return format(value < 9.995 ? "%.2f" : value < 99.95 ? "%.1f" : "%.0f", value);
  }
}
