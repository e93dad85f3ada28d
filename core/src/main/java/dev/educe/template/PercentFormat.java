package dev.educe.template;

import java.util.List;

/// Python's `format % values`.
final class PercentFormat {
  private final Meter meter;
  private final Text format;
  private final String codes;
  private final TextBuilder out;
  private int position;
  private List<Value> values;
  private Value mapping;
  private int nextValue;
  private boolean usesKeys;

  PercentFormat(Meter meter, Text format) {
    this.meter = meter;
    this.format = format;
    this.codes = format.string();
    this.out = new TextBuilder(meter);
  }

  /// @param given a tuple of values, or a single one, or a dict for `%(key)s`
  Text apply(Value given) {
    boolean isTuple = given instanceof Seq seq && seq.isTuple();
    values = isTuple ? ((Seq) given).items() : List.of(given);
    mapping = given;
    int plainFrom = 0;
    for (int at = codes.indexOf('%'); at >= 0; at = codes.indexOf('%', position)) {
      out.append(format, plainFrom, at);
      position = at + 1;
      field();
      plainFrom = position;
    }
    out.append(format, plainFrom, codes.length());
    boolean mayBeLeft = usesKeys || given instanceof Dict || given instanceof Seq && !isTuple;
    if (nextValue < values.size() && !mayBeLeft) {
      throw new TemplateException("the format has fewer fields than there are values");
    }
    return out.text();
  }

  private void field() {
    meter.call();
    Value keyed = key();
    var flags = new StringBuilder();
    while (position < codes.length() && "#0- +".indexOf(codes.charAt(position)) >= 0) {
      flags.append(codes.charAt(position++));
    }
    int width = number();
    if (width < -1) {
      flags.append('-');
      width = -width;
    }
    int precision = -1;
    if (position < codes.length() && codes.charAt(position) == '.') {
      position++;
      precision = Math.max(0, number());
    }
    while (position < codes.length() && "hlL".indexOf(codes.charAt(position)) >= 0) {
      position++;
    }
    if (position == codes.length()) {
      throw new TemplateException("a format ends within a field");
    }
    char code = codes.charAt(position++);
    if (code == '%') {
      out.append("%");
      return;
    }
    append(code, flags.toString(), width, precision, keyed == null ? next() : keyed);
  }

  /// The value of `%(key)`; null without a key.
  private Value key() {
    if (position == codes.length() || codes.charAt(position) != '(') {
      return null;
    }
    int from = ++position;
    for (int open = 1; open > 0; position++) {
      if (position == codes.length()) {
        throw new TemplateException("a format has a key that is not closed");
      }
      char c = codes.charAt(position);
      open += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    if (!(mapping instanceof Dict dict)) {
      throw new TemplateException("a format with keys needs a dict");
    }
    usesKeys = true;
    Value value = dict.entries().get(format.units(from, position - 1));
    if (value == null) {
      throw new TemplateException(
          "a format needs the key '%s', which the dict does not have"
              .formatted(Messages.shortened(codes.substring(from, position - 1))));
    }
    return value;
  }

  /// A width or precision; -1 if there is none.
  private int number() {
    if (position < codes.length() && codes.charAt(position) == '*') {
      position++;
      return Numbers.small(next());
    }
    int from = position;
    while (position < codes.length() && Character.digit(codes.charAt(position), 10) >= 0) {
      position++;
    }
    if (position - from > 9) {
      throw new TemplateException("a format has a width that is too large");
    }
    return from == position ? -1 : Integer.parseInt(codes.substring(from, position));
  }

  private Value next() {
    if (nextValue >= values.size()) {
      throw new TemplateException("the format has more fields than there are values");
    }
    return values.get(nextValue++);
  }

  private void append(char code, String flags, int width, int precision, Value value) {
    meter.precision(precision);
    switch (code) {
      case 's', 'r', 'a' -> {
        Text text = code == 's' ? Repr.text(meter, value) : Repr.repr(meter, value);
        boolean isCut = precision >= 0 && precision < text.length();
        pad("", isCut ? text.part(0, precision) : text, flags, width, false);
      }
      case 'c' -> pad("", character(value), flags, width, false);
      case 'd', 'i', 'u', 'o', 'x', 'X' -> integer(code, flags, width, precision, value);
      case 'e', 'E', 'f', 'F', 'g', 'G' -> {
        double number = Numbers.real(value);
        boolean isNegative = number < 0 || (number == 0 && 1 / number < 0);
        String digits = NumberFormat.real(Math.abs(number), code, precision, flags.contains("#"));
        pad(sign(isNegative, flags), Text.of(digits), flags, width, true);
      }
      default ->
          throw new TemplateException(
              "'%" + Character.toString(codes.codePointBefore(position)) + "' is no format");
    }
  }

  private void integer(char code, String flags, int width, int precision, Value value) {
    if (value instanceof Real && (code == 'o' || code == 'x' || code == 'X')) {
      throw new TemplateException("'%" + code + "' needs an integer");
    }
    if (value instanceof Real number && !Double.isFinite(number.value())) {
      throw new TemplateException("'%" + code + "' needs a finite number");
    }
    var number =
        value instanceof Real real
            ? new java.math.BigDecimal(real.value()).toBigInteger()
            : Numbers.integer(value);
    meter.integer(number);
    String digits = NumberFormat.integer(number.abs(), code, false);
    var text = new TextBuilder(meter);
    text.repeat(Text.of("0"), Math.max(0, precision - digits.length())).append(digits);
    boolean hasPrefix = flags.contains("#") && (code == 'o' || code == 'x' || code == 'X');
    String prefix = sign(number.signum() < 0, flags) + (hasPrefix ? "0" + code : "");
    pad(prefix, text.text(), flags, width, true);
  }

  private static String sign(boolean isNegative, String flags) {
    return isNegative ? "-" : flags.contains("+") ? "+" : flags.contains(" ") ? " " : "";
  }

  private static Text character(Value value) {
    if (value instanceof Text text && text.length() == 1) {
      return text;
    }
    long c = Numbers.count(value);
    if (c < 0 || c > Character.MAX_CODE_POINT) {
      throw new TemplateException("'%c' needs a character");
    }
    return Text.of(Character.toString((int) c));
  }

  private void pad(String sign, Text body, String flags, int width, boolean isNumber) {
    long padding = Math.max(0, (long) width - sign.length() - body.length());
    boolean isLeft = flags.contains("-");
    boolean isZero = isNumber && flags.contains("0") && !isLeft;
    Text space = Text.of(" ");
    out.repeat(space, isLeft || isZero ? 0 : padding)
        .append(sign)
        .repeat(Text.of("0"), isZero ? padding : 0)
        .append(body)
        .repeat(space, isLeft ? padding : 0);
  }
}
