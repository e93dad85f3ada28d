package dev.educe.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Python's operators.
final class Operators {
  private static final MathContext DIVISION = new MathContext(40);

  private final Meter meter;

  Operators(Meter meter) {
    this.meter = meter;
  }

  Value apply(Expr.Operator operator, Value left, Value right) {
    if (operator == Expr.Operator.MODULO && left instanceof Text format) {
      return new PercentFormat(meter, format).apply(right);
    }
    if (Numbers.isInteger(left) && Numbers.isInteger(right)) {
      Value result = integers(operator, left, right);
      meter.integer(result instanceof Int number ? number.value() : Numbers.integer(left));
      return result;
    }
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return new Real(reals(operator, Numbers.real(left), Numbers.real(right)));
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (operator == Expr.Operator.ADD) {
      if (left instanceof Text a && right instanceof Text b) {
        return joined(a, b);
      }
      if (left instanceof Seq a && right instanceof Seq b && a.isTuple() == b.isTuple()) {
        return joined(a, b);
      }
    } else if (operator == Expr.Operator.MULTIPLY) {
      if (Numbers.isInteger(right) && (left instanceof Text || left instanceof Seq)) {
        return repeated(left, Numbers.count(right));
      }
      if (Numbers.isInteger(left) && (right instanceof Text || right instanceof Seq)) {
        return repeated(right, Numbers.count(left));
      }
    }
    throw new TemplateException(
        "'%s' does not go with values of type %s and %s"
            .formatted(operator.symbol(), left.typeName(), right.typeName()));
  }

  private Value joined(Text left, Text right) {
    boolean isMarkup = left.isMarkup() || right.isMarkup();
    var text =
        new TextBuilder(meter)
            .append(isMarkup && !left.isMarkup() ? Markup.escaped(meter, left) : left)
            .append(isMarkup && !right.isMarkup() ? Markup.escaped(meter, right) : right)
            .text();
    return isMarkup ? text.asMarkup() : text;
  }

  private Value joined(Seq left, Seq right) {
    meter.items((long) left.items().size() + right.items().size());
    var items = new ArrayList<>(left.items());
    items.addAll(right.items());
    return left.with(items);
  }

  private Value repeated(Value what, long times) {
    if (what instanceof Text text) {
      return new TextBuilder(meter).repeat(text, Math.max(0, times)).text();
    }
    var seq = (Seq) what;
    int size = seq.items().size();
    long count = size == 0 ? 0 : Math.max(0, times);
    meter.items(count > Long.MAX_VALUE / Math.max(1, size) ? Long.MAX_VALUE : count * size);
    var items = new ArrayList<Value>();
    for (long i = 0; i < count; i++) {
      items.addAll(seq.items());
    }
    return seq.with(items);
  }

  private static Value integers(Expr.Operator operator, Value left, Value right) {
    BigInteger a = Numbers.integer(left);
    BigInteger b = Numbers.integer(right);
    return switch (operator) {
      case ADD -> new Int(a.add(b));
      case SUBTRACT -> new Int(a.subtract(b));
      case MULTIPLY -> new Int(a.multiply(b));
      case DIVIDE -> {
        double quotient =
            new BigDecimal(a).divide(new BigDecimal(nonZero(b)), DIVISION).doubleValue();
        yield new Real(finite(quotient));
      }
      case FLOOR_DIVIDE -> {
        BigInteger[] parts = a.divideAndRemainder(nonZero(b));
        boolean isBelow = parts[1].signum() != 0 && parts[1].signum() != b.signum();
        yield new Int(isBelow ? parts[0].subtract(BigInteger.ONE) : parts[0]);
      }
      case MODULO -> {
        BigInteger rest = a.remainder(nonZero(b));
        yield new Int(rest.signum() != 0 && rest.signum() != b.signum() ? rest.add(b) : rest);
      }
      case POWER -> power(a, b);
    };
  }

  private static Value power(BigInteger base, BigInteger exponent) {
    if (exponent.signum() < 0) {
      return new Real(reals(Expr.Operator.POWER, base.doubleValue(), exponent.doubleValue()));
    }
    if (base.abs().bitLength() <= 1) { // -1, 0, 1
      boolean isOdd = exponent.testBit(0);
      return new Int(exponent.signum() == 0 ? BigInteger.ONE : isOdd ? base : base.multiply(base));
    }
    if (exponent.bitLength() > 31
        || (base.abs().bitLength() - 1L) * exponent.intValue() > Int.BITS_MAX) {
      throw new TemplateException("an integer has more than " + Int.BITS_MAX + " bits");
    }
    return new Int(base.pow(exponent.intValue()));
  }

  private static double reals(Expr.Operator operator, double a, double b) {
    return switch (operator) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / nonZero(b);
      case FLOOR_DIVIDE -> floorDivide(a, nonZero(b));
      case MODULO -> modulo(a, nonZero(b));
      case POWER -> {
        if (a == 0 && b < 0) {
          throw new TemplateException("zero cannot be raised to a negative power");
        }
        double power = Math.pow(a, b);
        if (Double.isNaN(power) && !Double.isNaN(a) && !Double.isNaN(b)) {
          throw new TemplateException("a negative number has no such power");
        }
        yield Double.isInfinite(a) || Double.isInfinite(b) ? power : finite(power);
      }
    };
  }

  private static double modulo(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0, b);
    }
    return (b < 0) != (rest < 0) ? rest + b : rest;
  }

  private static double floorDivide(double a, double b) {
    double quotient = (a - modulo(a, b)) / b;
    return quotient == 0 ? Math.copySign(0, a / b) : Math.rint(quotient);
  }

  private static BigInteger nonZero(BigInteger divisor) {
    if (divisor.signum() == 0) {
      throw new TemplateException("a number is divided by zero");
    }
    return divisor;
  }

  private static double nonZero(double divisor) {
    if (divisor == 0) {
      throw new TemplateException("a number is divided by zero");
    }
    return divisor;
  }

  private static double finite(double result) {
    if (Double.isInfinite(result)) {
      throw new TemplateException("the result is too large for a float");
    }
    return result;
  }

  /// `-a` or `+a`.
  static Value signed(boolean isMinus, Value operand) {
    return switch (operand) {
      case Real number -> isMinus ? new Real(-number.value()) : number;
      case Int number -> isMinus ? new Int(number.value().negate()) : number;
      case Bool truth -> new Int(isMinus ? truth.number().negate() : truth.number());
      case Undefined undefined -> throw undefined.failure();
      default ->
          throw new TemplateException("a value of type " + operand.typeName() + " has no sign");
    };
  }

  boolean compare(Expr.Comparison comparison, Value left, Value right) {
    return switch (comparison) {
      case EQUAL -> areEqual(left, right);
      case NOT_EQUAL -> !areEqual(left, right);
      case LESS -> isLess(left, right, "<");
      case GREATER -> isLess(right, left, ">");
      case LESS_OR_EQUAL -> isAtMost(left, right, "<=");
      case GREATER_OR_EQUAL -> isAtMost(right, left, ">=");
      case IN -> contains(right, left);
      case NOT_IN -> !contains(right, left);
    };
  }

  boolean areEqual(Value left, Value right) {
    meter.spend(Math.min(Nesting.of(left).weight(), Nesting.of(right).weight()));
    return left.equals(right);
  }

  boolean isLess(Value left, Value right) {
    return isLess(left, right, "<");
  }

  private boolean isLess(Value left, Value right, String symbol) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return !Numbers.isNaN(left) && !Numbers.isNaN(right) && Numbers.compare(left, right) < 0;
    }
    return compareOrdered(left, right, symbol) < 0;
  }

  private boolean isAtMost(Value left, Value right, String symbol) {
    if (Numbers.isNumber(left) && Numbers.isNumber(right)) {
      return !Numbers.isNaN(left) && !Numbers.isNaN(right) && Numbers.compare(left, right) <= 0;
    }
    return compareOrdered(left, right, symbol) <= 0;
  }

  /// Compares texts or sequences.
  private int compareOrdered(Value left, Value right, String symbol) {
    meter.spend(Math.min(Nesting.of(left).weight(), Nesting.of(right).weight()));
    if (left instanceof Text a && right instanceof Text b) {
      return compareCodePoints(a.string(), b.string());
    }
    if (left instanceof Seq a && right instanceof Seq b && a.isTuple() == b.isTuple()) {
      int common = Math.min(a.items().size(), b.items().size());
      for (int i = 0; i < common; i++) {
        Value first = a.items().get(i);
        Value second = b.items().get(i);
        if (!first.equals(second)) {
          return isLess(first, second, symbol) ? -1 : 1;
        }
      }
      return Integer.compare(a.items().size(), b.items().size());
    }
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    throw new TemplateException(
        "'%s' does not compare values of type %s and %s"
            .formatted(symbol, left.typeName(), right.typeName()));
  }

  /// As Python orders strings: by code point, where Java has UTF-16 units.
  private static int compareCodePoints(String a, String b) {
    int common = Math.min(a.length(), b.length());
    for (int i = 0; i < common; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean isSame = Character.isSurrogate(x) == Character.isSurrogate(y);
        return isSame ? Character.compare(x, y) : Character.isSurrogate(x) ? 1 : -1;
      }
    }
    return Integer.compare(a.length(), b.length());
  }

  boolean contains(Value container, Value wanted) {
    return switch (container) {
      case Text text -> {
        if (!(wanted instanceof Text part)) {
          throw new TemplateException(
              "'in' needs a string on the left of a string, not a value of type "
                  + wanted.typeName());
        }
        meter.search(text.string().length(), part.string().length());
        yield text.string().contains(part.string());
      }
      case Dict dict -> {
        meter.spend(Nesting.of(wanted).weight());
        yield dict.entries().containsKey(Dict.key(wanted));
      }
      default -> {
        var items = Iteration.iterator(container);
        while (items.hasNext()) {
          if (areEqual(items.next(), wanted)) {
            yield true;
          }
        }
        yield false;
      }
    };
  }

  /// `a[start:stop:step]`; an absent bound is `None`.
  Value slice(Value owner, Value start, Value stop, Value step) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    int length =
        owner instanceof Text || owner instanceof Seq || owner instanceof Range
            ? Iteration.length(owner)
            : -1;
    if (length < 0) {
      throw new TemplateException("a value of type " + owner.typeName() + " has no slices");
    }
    long stride = step == None.NONE ? 1 : Numbers.count(step);
    if (stride == 0) {
      throw new TemplateException("the step of a slice is zero");
    }
    long low = stride > 0 ? 0 : -1;
    long high = stride > 0 ? length : length - 1;
    long from = bound(start, stride > 0 ? low : high, length, low, high);
    long to = bound(stop, stride > 0 ? high : low, length, low, high);
    if (owner instanceof Text text && stride == 1) {
      meter.copy(Math.max(0, to - from));
      return from < to ? text.part((int) from, (int) to) : Text.EMPTY;
    }
    if (owner instanceof Range range) {
      return new Range(
          range.start() + from * range.step(),
          range.start() + to * range.step(),
          Math.clamp(stride, -(1L << 30), 1L << 30) * range.step());
    }
    return strided(owner, from, to, stride);
  }

  private Value strided(Value owner, long from, long to, long stride) {
    var indexes = new ArrayList<Integer>();
    for (long i = from; stride > 0 ? i < to : i > to; i += stride) {
      indexes.add((int) i);
    }
    meter.items(indexes.size());
    if (owner instanceof Seq seq) {
      return seq.with(indexes.stream().map(seq.items()::get).toList());
    }
    meter.spend(indexes.size());
    List<Value> characters = Iteration.list(meter, owner);
    var text = new TextBuilder(meter);
    indexes.forEach(i -> text.append((Text) characters.get(i)));
    return text.text();
  }

  private static long bound(Value value, long absent, long length, long low, long high) {
    if (value == None.NONE) {
      return absent;
    }
    long bound = Numbers.count(value);
    return Math.clamp(bound < 0 ? bound + length : bound, low, high);
  }

  /// A reversed copy.
  static List<Value> reversed(List<Value> items) {
    var copy = new ArrayList<>(items);
    Collections.reverse(copy);
    return copy;
  }
}
