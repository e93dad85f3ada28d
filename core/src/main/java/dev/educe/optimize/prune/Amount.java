package dev.educe.optimize.prune;

import java.util.regex.Pattern;

/// So many of something, or a share of it: `3` or `25%`.
///
/// @param isShare whether `value` is a share, 0 to 1
public record Amount(boolean isShare, double value) {
  private static final Pattern TEXT = Pattern.compile("(\\d+(?:\\.\\d+)?)(%?)");

  /// @throws IllegalArgumentException if the value is negative, not finite, or a share above 1
  public Amount {
    if (!(value >= 0) || value > (isShare ? 1 : Integer.MAX_VALUE)) {
      throw new IllegalArgumentException("an amount is 0 or more, or 0 to 100 %, got " + value);
    }
  }

  /// A share, 0 to 1.
  public static Amount share(double share) {
    return new Amount(true, share);
  }

  /// @throws IllegalArgumentException if the text is neither
  public static Amount parse(String text) {
    var matcher = TEXT.matcher(text.strip());
    if (!matcher.matches() || (matcher.group(2).isEmpty() && text.contains("."))) {
      throw new IllegalArgumentException(
          "an amount is a number or a share, as 3 or 25%%, got '%s'".formatted(text));
    }
    double value = Double.parseDouble(matcher.group(1));
    return matcher.group(2).isEmpty() ? new Amount(false, value) : share(value / 100);
  }

  /// How many of `whole` that is, to the nearest.
  public int of(int whole) {
    return (int) Math.round(isShare ? value * whole : value);
  }
}
