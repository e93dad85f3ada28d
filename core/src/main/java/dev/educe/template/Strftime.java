package dev.educe.template;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;

/// Python's `strftime` of a time without a zone, in the C locale.
final class Strftime {
  private Strftime() {}

  static Text format(Meter meter, Text format, LocalDateTime time) {
    String codes = format.string();
    var text = new TextBuilder(meter);
    for (int i = 0; i < codes.length(); i++) {
      char c = codes.charAt(i);
      if (c != '%' || i + 1 == codes.length()) {
        text.append(format, i, i + 1);
        continue;
      }
      char code = codes.charAt(++i);
      char flag = "-_0^".indexOf(code) >= 0 && i + 1 < codes.length() ? code : ' ';
      if (flag != ' ') {
        code = codes.charAt(++i);
      }
      meter.call();
      String field = flagged(field(code, time), flag);
      text.append(field == null ? codes.substring(flag == ' ' ? i - 1 : i - 2, i + 1) : field);
    }
    return text.text();
  }

  /// glibc's flags: `%-d` has no leading zero, `%_d` has a space for it.
  private static String flagged(String field, char flag) {
    if (field == null) {
      return null;
    }
    return switch (flag) {
      case '-' -> field.replaceFirst("^[0 ]+(?=\\d)", "");
      case '_' -> " ".repeat(leadingZeros(field)) + field.substring(leadingZeros(field));
      case '0' -> field.replace(' ', '0');
      case '^' -> field.toUpperCase(Locale.ROOT);
      default -> field;
    };
  }

  private static int leadingZeros(String field) {
    int zeros = 0;
    while (zeros < field.length() - 1 && field.charAt(zeros) == '0') {
      zeros++;
    }
    return zeros;
  }

  /// @return null if there is no such code
  private static String field(char code, LocalDateTime t) {
    int sunday = t.getDayOfWeek().getValue() % 7;
    int hour12 = t.get(ChronoField.CLOCK_HOUR_OF_AMPM);
    return switch (code) {
      case 'a' -> t.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'A' -> t.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'b', 'h' -> t.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
      case 'B' -> t.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
      case 'c' ->
          field('a', t)
              + " "
              + field('b', t)
              + " "
              + field('e', t)
              + " "
              + field('T', t)
              + " "
              + t.getYear();
      case 'C' -> digits(2, t.getYear() / 100);
      case 'd' -> digits(2, t.getDayOfMonth());
      case 'D', 'x' -> field('m', t) + "/" + field('d', t) + "/" + field('y', t);
      case 'e' -> "%2d".formatted(t.getDayOfMonth());
      case 'f' -> digits(6, t.getNano() / 1000);
      case 'F' -> field('Y', t) + "-" + field('m', t) + "-" + field('d', t);
      case 'g' -> digits(2, t.get(IsoFields.WEEK_BASED_YEAR) % 100);
      case 'G' -> digits(4, t.get(IsoFields.WEEK_BASED_YEAR));
      case 'H' -> digits(2, t.getHour());
      case 'I' -> digits(2, hour12);
      case 'j' -> digits(3, t.getDayOfYear());
      case 'k' -> "%2d".formatted(t.getHour());
      case 'l' -> "%2d".formatted(hour12);
      case 'm' -> digits(2, t.getMonthValue());
      case 'M' -> digits(2, t.getMinute());
      case 'n' -> "\n";
      case 'p' -> t.getHour() < 12 ? "AM" : "PM";
      case 'P' -> t.getHour() < 12 ? "am" : "pm";
      case 'r' -> field('I', t) + ":" + field('M', t) + ":" + field('S', t) + " " + field('p', t);
      case 'R' -> field('H', t) + ":" + field('M', t);
      case 'S' -> digits(2, t.getSecond());
      case 't' -> "\t";
      case 'T', 'X' -> field('R', t) + ":" + field('S', t);
      case 'u' -> String.valueOf(t.getDayOfWeek().getValue());
      case 'U' -> digits(2, (t.getDayOfYear() + 6 - sunday) / 7);
      case 'V' -> digits(2, t.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
      case 'w' -> String.valueOf(sunday);
      case 'W' -> digits(2, (t.getDayOfYear() + 6 - (sunday + 6) % 7) / 7);
      case 'y' -> digits(2, t.getYear() % 100);
      case 'Y' -> String.valueOf(t.getYear());
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> null;
    };
  }

  private static String digits(int width, int number) {
    return ("%0" + width + "d").formatted(number);
  }
}
