package dev.educe.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.List;
import java.util.Map;

/// The filters of numbers.
final class NumberFilters {
  /// A float has no digits beyond it on either side of the point.
  private static final int PRECISION_MAX = 400;

  private NumberFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("abs", NumberFilters::absolute);
    filters.put("int", NumberFilters::integer);
    filters.put("float", NumberFilters::real);
    filters.put("round", NumberFilters::rounded);
    filters.put("filesizeformat", NumberFilters::fileSize);
  }

  private static Value absolute(Interpreter in, Value value, Arguments arguments) {
    return switch (value) {
      case Real number -> new Real(Math.abs(number.value()));
      default -> new Int(Numbers.integer(value).abs());
    };
  }

  private static Value integer(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("int", 0, "default", "base");
    Value otherwise = bound.has("default") ? bound.value("default") : Int.of(0);
    return switch (value) {
      case Text text -> {
        in.meter().spend(text.string().length() / 4);
        Value number = Numbers.parseInteger(text.string(), bound.number("base", 10));
        if (number == null && Numbers.parseReal(text.string()) instanceof Real real) {
          number = Double.isFinite(real.value()) ? truncated(real.value()) : null;
        }
        yield number == null ? otherwise : number;
      }
      case Real number -> {
        if (Double.isInfinite(number.value())) {
          throw new TemplateException("an infinite number is no integer");
        }
        yield Double.isNaN(number.value()) ? otherwise : truncated(number.value());
      }
      case Int _, Bool _ -> new Int(Numbers.integer(value));
      case Undefined undefined -> throw undefined.failure();
      default -> otherwise;
    };
  }

  private static Value truncated(double number) {
    return new Int(new BigDecimal(number).toBigInteger());
  }

  private static Value real(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("float", 0, "default");
    Value number =
        switch (value) {
          case Text text -> {
            in.meter().copy(text.string().length());
            yield Numbers.parseReal(text.string());
          }
          case Int _, Bool _, Real _ -> new Real(Numbers.real(value));
          case Undefined undefined -> throw undefined.failure();
          default -> null;
        };
    return number != null ? number : bound.has("default") ? bound.value("default") : new Real(0);
  }

  private static Value rounded(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("round", 0, "precision", "method");
    String method = bound.text("method", "common").string();
    int precision = bound.number("precision", 0);
    if (!List.of("common", "ceil", "floor").contains(method)) {
      throw new TemplateException("round needs 'common', 'ceil' or 'floor' as its method");
    }
    if (!(value instanceof Real) && method.equals("common")) {
      BigInteger number = Numbers.integer(value);
      return precision >= 0
          ? new Int(number)
          : new Int(cut(new BigDecimal(number), precision).toBigInteger());
    }
    double number = Numbers.real(value);
    if (!Double.isFinite(number)) {
      if (method.equals("common")) {
        return value;
      }
      throw new TemplateException("an infinite number cannot be rounded up or down");
    }
    if (method.equals("common")) {
      return new Real(cut(new BigDecimal(number), precision).doubleValue());
    }
    double scale = Math.pow(10, Math.clamp(precision, -PRECISION_MAX, PRECISION_MAX));
    double scaled = number * scale;
    return new Real((method.equals("ceil") ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
  }

  private static BigDecimal cut(BigDecimal number, int precision) {
    int scale = Math.clamp(precision, -PRECISION_MAX, 2 * PRECISION_MAX);
    return number.scale() <= scale ? number : number.setScale(scale, RoundingMode.HALF_EVEN);
  }

  private static Value fileSize(Interpreter in, Value value, Arguments arguments) {
    boolean isBinary = arguments.bind("filesizeformat", 0, "binary").isTrue("binary", false);
    Value size = value instanceof Text text ? Numbers.parseReal(text.string()) : value;
    if (size == null) {
      throw new TemplateException("filesizeformat needs a number");
    }
    double bytes = Numbers.real(size);
    int base = isBinary ? 1024 : 1000;
    if (bytes == 1) {
      return Text.of("1 Byte");
    }
    if (bytes < base) {
      return Text.of((long) bytes + " Bytes");
    }
    int power = 1;
    double unit = base;
    while (power < 8 && bytes >= unit * base) {
      unit *= base;
      power++;
    }
    String prefix = (isBinary ? "KMGTPEZY" : "kMGTPEZY").charAt(power - 1) + (isBinary ? "i" : "");
    var figure = new BigDecimal(bytes / unit).setScale(1, RoundingMode.HALF_EVEN);
    return Text.of(figure + " " + prefix + "B");
  }
}
