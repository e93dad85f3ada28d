package dev.educe.template;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What stands behind the colon of a field of `str.format`:
/// `[[fill]align][sign][z][#][0][width][,|_][.precision][type]`.
final class FormatSpec {
  private static final Pattern SYNTAX =
      Pattern.compile(
          "(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?z?(?<alternate>#)?(?<zero>0)?"
              + "(?<width>[0-9]{1,9})?(?<grouping>[,_])?(?:\\.(?<precision>[0-9]{1,9}))?"
              + "(?<type>[a-zA-Z%])?",
          Pattern.DOTALL);

  private final Meter meter;
  private final Matcher spec;

  /// @throws TemplateException if it is not of that form
  FormatSpec(Meter meter, String spec) {
    this.meter = meter;
    this.spec = SYNTAX.matcher(spec);
    if (!this.spec.matches()) {
      throw invalid(spec);
    }
  }

  Text apply(Value value) {
    meter.precision(precision());
    char type = spec.group("type") == null ? ' ' : spec.group("type").charAt(0);
    return switch (value) {
      case Text text when type == ' ' || type == 's' -> string(text);
      case Real number -> real(number.value(), type);
      case Int _, Bool _ when "eEfFgG%".indexOf(type) >= 0 -> real(Numbers.real(value), type);
      case Bool _ when type == ' ' && spec.group("width") == null -> Repr.text(meter, value);
      case Int _, Bool _ -> integer(value, type);
      case Undefined _ -> string(Text.EMPTY);
      default -> {
        if (!spec.group().isEmpty()) {
          throw new TemplateException(
              "a value of type " + value.typeName() + " cannot be formatted that way");
        }
        yield Repr.text(meter, value);
      }
    };
  }

  private static TemplateException invalid(String spec) {
    return new TemplateException("'" + Messages.shortened(spec) + "' is no format of this value");
  }

  private int precision() {
    return spec.group("precision") == null ? -1 : Integer.parseInt(spec.group("precision"));
  }

  private Text string(Text text) {
    int precision = precision();
    boolean isCut = precision >= 0 && precision < text.length();
    return padded("", isCut ? text.part(0, precision) : text, '<', false);
  }

  private Text integer(Value value, char type) {
    var number = Numbers.integer(value);
    if (type == 'c') {
      return padded("", Text.of(Character.toString(Numbers.small(value) & 0x1fffff)), '<', false);
    }
    if ("bdoxXn ".indexOf(type) < 0 || precision() >= 0) {
      throw invalid(spec.group());
    }
    meter.integer(number);
    String digits = NumberFormat.integer(number.abs(), type, false);
    String prefix = spec.group("alternate") != null && "boxX".indexOf(type) >= 0 ? "0" + type : "";
    int size = "boxX".indexOf(type) >= 0 ? 4 : 3;
    return number(sign(number.signum() < 0) + prefix, grouped(digits, size));
  }

  private Text real(double number, char type) {
    boolean isNegative = number < 0 || (number == 0 && 1 / number < 0);
    double magnitude = Math.abs(number);
    boolean isAlternate = spec.group("alternate") != null;
    String digits =
        switch (type) {
          case '%' -> NumberFormat.real(magnitude * 100, 'f', precision(), isAlternate) + "%";
          case 'e', 'E', 'f', 'F', 'g', 'G' ->
              NumberFormat.real(magnitude, type, precision(), isAlternate);
          case ' ', 'n' -> {
            if (precision() < 0) {
              yield type == ' '
                  ? Numbers.text(magnitude)
                  : NumberFormat.real(magnitude, 'g', -1, isAlternate);
            }
            String general = NumberFormat.real(magnitude, 'g', precision(), isAlternate);
            boolean isWhole = type == ' ' && general.matches("[0-9]+");
            yield general + (isWhole && general.length() < precision() ? ".0" : "");
          }
          default -> throw invalid(spec.group());
        };
    return number(sign(isNegative), grouped(digits, 3));
  }

  private String sign(boolean isNegative) {
    String sign = spec.group("sign");
    return isNegative ? "-" : sign == null || sign.equals("-") ? "" : sign;
  }

  /// With separators in what stands before the point.
  private String grouped(String digits, int size) {
    String separator = spec.group("grouping");
    if (separator == null) {
      return digits;
    }
    int end = 0;
    while (end < digits.length() && Character.digit(digits.charAt(end), 16) >= 0) {
      end++;
    }
    var grouped = new StringBuilder(digits);
    for (int i = end - size; i > 0; i -= size) {
      grouped.insert(i, separator);
    }
    return grouped.toString();
  }

  private Text number(String sign, String digits) {
    return padded(sign, Text.of(digits), '>', true);
  }

  private Text padded(String sign, Text body, char alignment, boolean isNumber) {
    boolean isZero = spec.group("zero") != null && spec.group("align") == null;
    String fill = spec.group("fill") != null ? spec.group("fill") : isZero ? "0" : " ";
    char align =
        spec.group("align") != null
            ? spec.group("align").charAt(0)
            : isZero && isNumber ? '=' : alignment;
    int width = spec.group("width") == null ? 0 : Integer.parseInt(spec.group("width"));
    long padding = Math.max(0, (long) width - sign.length() - body.length());
    long before =
        switch (align) {
          case '>', '=' -> padding;
          case '^' -> padding / 2;
          default -> 0;
        };
    Text filling = Text.of(fill);
    return new TextBuilder(meter)
        .append(align == '=' ? sign : "")
        .repeat(filling, before)
        .append(align == '=' ? "" : sign)
        .append(body)
        .repeat(filling, padding - before)
        .text();
  }
}
