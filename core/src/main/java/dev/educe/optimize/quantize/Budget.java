package dev.educe.optimize.quantize;

import java.util.Locale;
import java.util.regex.Pattern;

/// How large a quantized file may be: bits for a weight, or bytes of the file.
///
/// @param amount of the unit
/// @param isPerWeight whether it counts bits for each weight, rather than bytes
public record Budget(double amount, boolean isPerWeight) {
  private static final Pattern FORM =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?) *(bpw|[kmgt]?i?b)", Pattern.CASE_INSENSITIVE);

  /// Reads `4.5bpw`, `3GB` or `700MiB`.
  ///
  /// @throws IllegalArgumentException if it is not of that form, or nothing
  public static Budget of(String text) {
    var matcher = FORM.matcher(text.strip());
    if (!matcher.matches() || Double.parseDouble(matcher.group(1)) == 0) {
      throw new IllegalArgumentException(
          "'" + text + "' must be bits per weight or the file's size: 4.5bpw, 3GB, 700MiB");
    }
    double number = Double.parseDouble(matcher.group(1));
    String unit = matcher.group(2).toLowerCase(Locale.ROOT);
    if (unit.equals("bpw")) {
      return new Budget(number, true);
    }
    int power = "bkmgt".indexOf(unit.charAt(0));
    return new Budget(number * Math.pow(unit.contains("i") ? 1024 : 1000, power), false);
  }

  /// Bytes that the tensors may have.
  ///
  /// @param weights how many there are
  /// @param headerBytes what else the file holds
  long tensorBytes(long weights, long headerBytes) {
    return (long) (isPerWeight ? amount * weights / 8 : amount - headerBytes);
  }
}
