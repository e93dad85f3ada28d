package dev.educe.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/// Python's `int`, `float` and `bool` as the one tower that they are.
final class Numbers {
  private static final int FIXED_EXPONENT_MIN = -4;
  private static final int FIXED_EXPONENT_END = 16;

  /// Python's bound on what it prints and reads.
  private static final int DIGITS_MAX = 4_300;

  private Numbers() {}

  static boolean isNumber(Value value) {
    return value instanceof Int || value instanceof Real || value instanceof Bool;
  }

  /// Whether it is an `int`, which a `bool` is.
  static boolean isInteger(Value value) {
    return value instanceof Int || value instanceof Bool;
  }

  /// The number of an `int` or `bool`.
  static BigInteger integer(Value value) {
    return switch (value) {
      case Int number -> number.value();
      case Bool truth -> truth.number();
      case Undefined undefined -> throw undefined.failure();
      default ->
          throw new TemplateException(
              "an integer is needed, not a value of type " + value.typeName());
    };
  }

  /// An `int` that counts or indexes something: cut to what 62 bits hold, which is out of every
  /// range as well.
  static long count(Value value) {
    BigInteger number = integer(value);
    return number.bitLength() < 62
        ? number.longValue()
        : number.signum() < 0 ? -(1L << 61) : 1L << 61;
  }

  /// As [#count(Value)], cut to an `int`.
  static int small(Value value) {
    return Math.clamp(count(value), -Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  /// Any number as a `float`.
  static double real(Value value) {
    if (value instanceof Real number) {
      return number.value();
    }
    double number = integer(value).doubleValue();
    if (Double.isInfinite(number)) {
      throw new TemplateException("an integer is too large for a float");
    }
    return number;
  }

  static boolean areEqual(Value left, Value right) {
    if (!isNumber(left) || !isNumber(right)) {
      return false;
    }
    if (left instanceof Real a && right instanceof Real b) {
      return a.value() == b.value();
    }
    if (left instanceof Real || right instanceof Real) {
      return isFinite(left) && isFinite(right) && compare(left, right) == 0;
    }
    return integer(left).equals(integer(right));
  }

  /// Compares exactly, an `int` with a `float` too. Neither may be NaN.
  static int compare(Value left, Value right) {
    if (isFinite(left) && isFinite(right)) {
      return left instanceof Real || right instanceof Real
          ? exact(left).compareTo(exact(right))
          : integer(left).compareTo(integer(right));
    }
    return Double.compare(sign(left), sign(right));
  }

  static boolean isNaN(Value value) {
    return value instanceof Real number && Double.isNaN(number.value());
  }

  static int hash(Value value) {
    if (value instanceof Real number && number.value() != Math.rint(number.value())) {
      return Double.hashCode(number.value());
    }
    return isFinite(value) ? exact(value).toBigInteger().hashCode() : 7;
  }

  /// As Python's `repr` and `str` print a `float`.
  static String text(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    // Both print the fewest digits that give the number back; only the notation differs.
    var decimal = new BigDecimal(Double.toString(Math.abs(value))).stripTrailingZeros();
    var shorter = decimal.round(new MathContext(1)); // Java prints two digits at least
    if (decimal.precision() == 2 && shorter.doubleValue() == Math.abs(value)) {
      decimal = shorter;
    }
    String digits = decimal.unscaledValue().toString();
    int exponent = digits.length() - 1 - decimal.scale();
    String sign = value < 0 ? "-" : "";
    if (exponent >= FIXED_EXPONENT_MIN && exponent < FIXED_EXPONENT_END) {
      String plain = decimal.toPlainString();
      return sign + plain + (plain.contains(".") ? "" : ".0");
    }
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    return sign
        + digits.charAt(0)
        + fraction
        + "e"
        + (exponent < 0 ? "-" : "+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  static String text(BigInteger value) {
    String digits = value.toString();
    if (digits.length() > DIGITS_MAX + (value.signum() < 0 ? 1 : 0)) {
      throw new TemplateException(
          "an integer has more than the %,d digits that can be printed".formatted(DIGITS_MAX));
    }
    return digits;
  }

  /// Reads an integer as Python's `int(text, base)` does.
  ///
  /// @return the number, or null if it is none
  static Value parseInteger(String text, int base) {
    String digits = Characters.strip(text).replaceAll("(?<=[0-9a-zA-Z])_(?=[0-9a-zA-Z])", "");
    if (base != 0 && (base < 2 || base > 36)) {
      throw new TemplateException("int() base must be 0 or 2 to 36, got " + base);
    }
    boolean isNegative = digits.startsWith("-");
    if (isNegative || digits.startsWith("+")) {
      digits = digits.substring(1);
    }
    String prefix = digits.length() > 1 ? digits.substring(0, 2).toLowerCase() : "";
    int prefixed =
        switch (prefix) {
          case "0b" -> 2;
          case "0o" -> 8;
          case "0x" -> 16;
          default -> 0;
        };
    int radix = base == 0 ? (prefixed == 0 ? 10 : prefixed) : base;
    if (prefixed == radix) {
      digits = digits.substring(2);
    }
    if (digits.isEmpty()
        || digits.length() > DIGITS_MAX
        || digits.startsWith("-")
        || digits.startsWith("+")) {
      return null;
    }
    try {
      var value = new BigInteger(digits, radix);
      return new Int(isNegative ? value.negate() : value);
    } catch (NumberFormatException _) {
      return null;
    }
  }

  /// Reads a number as Python's `float(text)` does.
  ///
  /// @return the number, or null if it is none
  static Value parseReal(String text) {
    String number = Characters.strip(text).replaceAll("(?<=[0-9])_(?=[0-9])", "").toLowerCase();
    if (number.matches("[+-]?(nan|inf|infinity)")) {
      return new Real(
          number.endsWith("nan")
              ? Double.NaN
              : number.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }
    if (number.length() > DIGITS_MAX
        || !number.matches("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)(e[+-]?[0-9]+)?")) {
      return null;
    }
    return new Real(Double.parseDouble(number));
  }

  private static boolean isFinite(Value value) {
    return !(value instanceof Real number) || Double.isFinite(number.value());
  }

  private static BigDecimal exact(Value value) {
    return value instanceof Real number
        ? new BigDecimal(number.value())
        : new BigDecimal(integer(value));
  }

  /// Stands for the number where one of two is infinite.
  private static double sign(Value value) {
    return isFinite(value) ? 0 : ((Real) value).value();
  }
}
