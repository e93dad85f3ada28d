package dev.educe.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/// Numbers within bounds as a machine over their digits.
///
/// They are written as short as can be: no zeros to begin with, none at the end of a fraction, no
/// exponent, no `-0`. Fractions are as long as the bounds' own and at least such that the number
/// has fifteen digits, which is what survives being read into a double.
///
/// @param min the least, or null if there is none; also [#max]
/// @param isMinOut whether `min` itself is not in it
/// @param multipleOf positive, or null
record NumberMachine(
    boolean isInteger,
    BigDecimal min,
    boolean isMinOut,
    BigDecimal max,
    boolean isMaxOut,
    BigDecimal multipleOf) {
  private static final int DIGITS_MAX = 15;
  private static final int STEP_MAX = 5_000; // remainders that a machine tells apart
  private static final int LISTED_MAX = 5_000;

  private enum Phase {
    START,
    SIGN,
    ZERO, // the only digit before a point
    WHOLE,
    POINT,
    FRACTION
  }

  /// What is known of the digits so far.
  ///
  /// @param digits before the point, or behind it
  /// @param whole digits before the point
  /// @param toMin how the absolute value compares with that of `min`, digit by digit
  /// @param remainder of the digits as a whole number, divided by the step
  /// @param endsInZero whether the fraction so far does
  private record Digits(
      Phase phase,
      boolean isNegative,
      int digits,
      int whole,
      int toMin,
      int toMax,
      int remainder,
      boolean endsInZero) {}

  /// @throws GrammarException if it is too large
  CharMachine machine() {
    List<String> listed = listed();
    return listed != null
        ? CharMachine.anyOf(listed)
        : CharMachine.explore(
            new Digits(Phase.START, false, 0, 0, 0, 0, 0, false), this::edges, this::isFinal);
  }

  /// Whether the bounds leave nothing between them.
  boolean isEmpty() {
    int order = min == null || max == null ? -1 : min.compareTo(max);
    return order > 0 || order == 0 && (isMinOut || isMaxOut);
  }

  /// These numbers, whole ones only or not, and only multiples of a step.
  NumberMachine with(boolean isInteger, BigDecimal multipleOf) {
    return new NumberMachine(isInteger, min, isMinOut, max, isMaxOut, multipleOf);
  }

  /// The step as a whole number of units of the last place of a fraction; 1 where there is none.
  private int stepUnits() {
    if (multipleOf == null) {
      return 1;
    }
    BigInteger units = multipleOf.scaleByPowerOfTen(places()).toBigInteger();
    if (units.compareTo(BigInteger.valueOf(STEP_MAX)) > 0) {
      throw new GrammarException(
          "multipleOf is too large; it needs a minimum and a maximum with at most %,d steps between"
              .formatted(LISTED_MAX));
    }
    return units.intValue();
  }

  /// The digits behind the point of a step.
  private int places() {
    return multipleOf == null ? 0 : Math.max(0, multipleOf.stripTrailingZeros().scale());
  }

  /// All numbers, if they are few steps; null if not.
  private List<String> listed() {
    if (min == null || max == null || multipleOf == null) {
      return null;
    }
    BigDecimal first = min.divide(multipleOf, 0, RoundingMode.CEILING);
    BigDecimal last = max.divide(multipleOf, 0, RoundingMode.FLOOR);
    if (last.subtract(first).compareTo(BigDecimal.valueOf(LISTED_MAX)) > 0) {
      return null;
    }
    var texts = new ArrayList<String>();
    for (BigDecimal n = first; n.compareTo(last) <= 0; n = n.add(BigDecimal.ONE)) {
      BigDecimal value = n.multiply(multipleOf);
      boolean isIn =
          !(isMinOut && value.compareTo(min) == 0)
              && !(isMaxOut && value.compareTo(max) == 0)
              && (!isInteger || value.stripTrailingZeros().scale() <= 0);
      if (isIn) {
        texts.add(value.signum() == 0 ? "0" : value.stripTrailingZeros().toPlainString());
      }
    }
    return texts;
  }

  private static String whole(BigDecimal bound) {
    return bound.abs().toBigInteger().toString();
  }

  private static String fraction(BigDecimal bound) {
    if (bound == null) {
      return "";
    }
    String plain = bound.abs().stripTrailingZeros().toPlainString();
    int point = plain.indexOf('.');
    return point < 0 ? "" : plain.substring(point + 1);
  }

  private List<CharMachine.Edge<Digits>> edges(Digits at) {
    var edges = new ArrayList<CharMachine.Edge<Digits>>();
    switch (at.phase) {
      case START, SIGN -> {
        if (at.phase == Phase.START) {
          var sign = new Digits(Phase.SIGN, true, 0, 0, 0, 0, 0, false);
          edges.add(new CharMachine.Edge<>(CodePoints.of('-'), sign));
        }
        for (int digit = 0; digit <= 9; digit++) {
          edges.add(edge(digit, whole(at, digit)));
        }
      }
      case ZERO, WHOLE -> {
        for (int digit = 0; digit <= 9 && at.phase == Phase.WHOLE; digit++) {
          edges.add(edge(digit, whole(at, digit)));
        }
        if (!isInteger && placesLeft(at, 0) > 0) {
          edges.add(new CharMachine.Edge<>(CodePoints.of('.'), point(at)));
        }
      }
      case POINT, FRACTION -> {
        for (int digit = 0; digit <= 9 && placesLeft(at, at.digits) > 0; digit++) {
          edges.add(edge(digit, fraction(at, digit)));
        }
      }
    }
    return edges;
  }

  private static CharMachine.Edge<Digits> edge(int digit, Digits to) {
    return new CharMachine.Edge<>(CodePoints.of('0' + digit), to);
  }

  /// How many more digits may stand behind the point.
  private int placesLeft(Digits at, int used) {
    if (multipleOf != null) {
      return places() - used;
    }
    int bounds = Math.max(fraction(min).length(), fraction(max).length());
    return Math.max(bounds, DIGITS_MAX - at.whole) - used;
  }

  private Digits whole(Digits at, int digit) {
    int count = at.digits + 1;
    int longest = Math.max(DIGITS_MAX, Math.max(length(min), length(max)) + 1);
    return new Digits(
        at.phase != Phase.WHOLE && digit == 0 ? Phase.ZERO : Phase.WHOLE,
        at.isNegative,
        Math.min(count, longest),
        Math.min(count, longest),
        compareWhole(at.toMin, min, at.digits, digit),
        compareWhole(at.toMax, max, at.digits, digit),
        (at.remainder * 10 + digit) % stepUnits(),
        false);
  }

  private static int length(BigDecimal bound) {
    return bound == null ? 0 : whole(bound).length();
  }

  /// Compares as if both had the same number of digits; [#compared] looks at that.
  private static int compareWhole(int before, BigDecimal bound, int index, int digit) {
    if (bound == null || before != 0 || index >= whole(bound).length()) {
      return before;
    }
    return Integer.signum(digit - (whole(bound).charAt(index) - '0'));
  }

  private Digits point(Digits at) {
    return new Digits(
        Phase.POINT,
        at.isNegative,
        0,
        at.whole,
        compared(at, at.toMin, min),
        compared(at, at.toMax, max),
        at.remainder,
        true);
  }

  /// How the whole number compares, its digits being at an end.
  private static int compared(Digits at, int prefix, BigDecimal bound) {
    if (bound == null) {
      return 0;
    }
    int lengths = Integer.compare(at.whole, whole(bound).length());
    return lengths != 0 ? lengths : prefix;
  }

  private Digits fraction(Digits at, int digit) {
    return new Digits(
        Phase.FRACTION,
        at.isNegative,
        at.digits + 1,
        at.whole,
        compareFraction(at.toMin, min, at.digits, digit),
        compareFraction(at.toMax, max, at.digits, digit),
        (at.remainder * 10 + digit) % stepUnits(),
        digit == 0);
  }

  private static int compareFraction(int before, BigDecimal bound, int index, int digit) {
    if (bound == null || before != 0) {
      return before;
    }
    String digits = fraction(bound);
    return Integer.signum(digit - (index < digits.length() ? digits.charAt(index) - '0' : 0));
  }

  private boolean isFinal(Digits at) {
    boolean isFraction = at.phase == Phase.FRACTION;
    if (at.phase == Phase.START
        || at.phase == Phase.SIGN
        || at.phase == Phase.POINT
        || at.endsInZero
        || at.isNegative && at.phase == Phase.ZERO) {
      return false;
    }
    int toMin = at.toMin;
    int toMax = at.toMax;
    if (!isFraction) {
      toMin = compared(at, toMin, min);
      toMax = compared(at, toMax, max);
    }
    return isAbove(at.isNegative, toMin, isFraction ? at.digits : 0)
        && isBelow(at.isNegative, toMax, isFraction ? at.digits : 0)
        && isMultiple(at, isFraction ? at.digits : 0);
  }

  private boolean isAbove(boolean isNegative, int compared, int digits) {
    if (min == null || isNegative != min.signum() < 0) {
      return min == null || !isNegative;
    }
    int absolute = compared != 0 || digits >= fraction(min).length() ? compared : -1;
    int order = isNegative ? -absolute : absolute;
    return isMinOut ? order > 0 : order >= 0;
  }

  private boolean isBelow(boolean isNegative, int compared, int digits) {
    if (max == null || isNegative != max.signum() < 0) {
      return max == null || isNegative;
    }
    int absolute = compared != 0 || digits >= fraction(max).length() ? compared : -1;
    int order = isNegative ? -absolute : absolute;
    return isMaxOut ? order < 0 : order <= 0;
  }

  private boolean isMultiple(Digits at, int digits) {
    if (multipleOf == null) {
      return true;
    }
    BigInteger units =
        BigInteger.TEN.pow(places() - digits).multiply(BigInteger.valueOf(at.remainder));
    return units.mod(BigInteger.valueOf(stepUnits())).signum() == 0;
  }
}
