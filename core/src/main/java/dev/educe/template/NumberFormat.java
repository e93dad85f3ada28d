package dev.educe.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/// Numbers in the notations of Python's format codes, without their sign.
final class NumberFormat {
  private static final int PRECISION_MAX = 4_300;
  private static final int PRECISION = 6;

  private NumberFormat() {}

  /// Digits of an integer: `d`, `b`, `o`, `x` or `X`, after `0x` and the like if `isAlternate`.
  static String integer(BigInteger magnitude, char code, boolean isAlternate) {
    return switch (code) {
      case 'b' -> (isAlternate ? "0b" : "") + magnitude.toString(2);
      case 'o' -> (isAlternate ? "0o" : "") + magnitude.toString(8);
      case 'x' -> (isAlternate ? "0x" : "") + magnitude.toString(16);
      case 'X' -> (isAlternate ? "0X" : "") + magnitude.toString(16).toUpperCase(Locale.ROOT);
      default -> Numbers.text(magnitude);
    };
  }

  /// A float: `f`, `F`, `e`, `E`, `g` or `G`.
  ///
  /// @param magnitude not negative
  /// @param precision -1 for six digits
  /// @param keepsZeros whether `g` keeps zeros at the end
  static String real(double magnitude, char code, int precision, boolean keepsZeros) {
    if (precision > PRECISION_MAX) {
      throw new TemplateException("a precision is above " + PRECISION_MAX);
    }
    boolean isUpper = Character.isUpperCase(code);
    int digits = precision < 0 ? PRECISION : precision;
    String text =
        !Double.isFinite(magnitude)
            ? Double.isNaN(magnitude) ? "nan" : "inf"
            : switch (Character.toLowerCase(code)) {
              case 'f' -> fixed(magnitude, digits);
              case 'e' -> scientific(magnitude, digits, true);
              default -> general(magnitude, Math.max(1, digits), keepsZeros);
            };
    return isUpper ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String fixed(double magnitude, int digits) {
    return new BigDecimal(magnitude).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
  }

  private static String scientific(double magnitude, int digits, boolean keepsZeros) {
    var number =
        new BigDecimal(magnitude).round(new MathContext(digits + 1, RoundingMode.HALF_EVEN));
    String unscaled = number.unscaledValue().toString();
    int exponent = number.signum() == 0 ? 0 : unscaled.length() - 1 - number.scale();
    var mantissa = new StringBuilder(unscaled);
    while (mantissa.length() <= digits) {
      mantissa.append('0');
    }
    mantissa.setLength(digits + 1);
    if (digits > 0) {
      mantissa.insert(1, '.');
    }
    String shown = keepsZeros ? mantissa.toString() : withoutZeros(mantissa.toString());
    return shown
        + (exponent < 0 ? "e-" : "e+")
        + (Math.abs(exponent) < 10 ? "0" : "")
        + Math.abs(exponent);
  }

  private static String general(double magnitude, int digits, boolean keepsZeros) {
    var number = new BigDecimal(magnitude).round(new MathContext(digits, RoundingMode.HALF_EVEN));
    int exponent = number.signum() == 0 ? 0 : number.precision() - 1 - number.scale();
    if (exponent < -4 || exponent >= digits) {
      return scientific(magnitude, digits - 1, keepsZeros);
    }
    String text = number.setScale(digits - 1 - exponent, RoundingMode.HALF_EVEN).toPlainString();
    return keepsZeros ? text : withoutZeros(text);
  }

  private static String withoutZeros(String text) {
    if (text.indexOf('.') < 0) {
      return text;
    }
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }
}
