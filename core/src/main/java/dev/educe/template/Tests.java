package dev.educe.template;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;

/// jinja2's tests: what may follow `is`.
final class Tests {
  /// Whether a value passes, with the test's arguments.
  @FunctionalInterface
  private interface Test {
    boolean holds(Interpreter interpreter, Value value, Arguments arguments);
  }

  private static final Map<String, Test> ALL = new HashMap<>();

  static {
    add("defined", value -> !(value instanceof Undefined));
    add("undefined", value -> value instanceof Undefined);
    add("none", value -> value == None.NONE);
    add("boolean", value -> value instanceof Bool);
    add("true", value -> value == Bool.TRUE);
    add("false", value -> value == Bool.FALSE);
    add("integer", value -> value instanceof Int);
    add("float", value -> value instanceof Real);
    add("number", Numbers::isNumber);
    add("string", value -> value instanceof Text);
    add("mapping", value -> value instanceof Dict);
    add("sequence", Tests::isSequence);
    add("iterable", Iteration::isIterable);
    add("escaped", value -> value instanceof Text text && text.isMarkup());
    add("callable", Tests::isCallable);
    add("filter", value -> value instanceof Text name && Filters.exists(name.string()));
    add("test", value -> value instanceof Text name && exists(name.string()));
    ALL.put("odd", (in, value, _) -> rest(in, value, Int.of(2)).equals(Int.of(1)));
    ALL.put("even", (in, value, _) -> rest(in, value, Int.of(2)).equals(Int.of(0)));
    ALL.put(
        "divisibleby",
        (in, value, arguments) -> {
          Value divisor = arguments.bind("divisibleby", 1, "num").value("num");
          return rest(in, value, divisor).equals(Int.of(0));
        });
    ALL.put("lower", (in, value, _) -> Casing.isLower(in.text(value).string()));
    ALL.put("upper", (in, value, _) -> Casing.isUpper(in.text(value).string()));
    ALL.put(
        "sameas",
        (_, value, arguments) ->
            isSame(value, arguments.bind("sameas", 1, "other").value("other")));
    comparison(Expr.Comparison.EQUAL, "==", "eq", "equalto");
    comparison(Expr.Comparison.NOT_EQUAL, "!=", "ne");
    comparison(Expr.Comparison.GREATER, ">", "gt", "greaterthan");
    comparison(Expr.Comparison.GREATER_OR_EQUAL, ">=", "ge");
    comparison(Expr.Comparison.LESS, "<", "lt", "lessthan");
    comparison(Expr.Comparison.LESS_OR_EQUAL, "<=", "le");
    comparison(Expr.Comparison.IN, "in");
  }

  private Tests() {}

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static String missing(String name) {
    return "there is no test '" + Messages.shortened(name) + "'";
  }

  static boolean holds(Interpreter interpreter, String name, Value value, Arguments arguments) {
    var test = ALL.get(name);
    if (test == null) {
      throw new TemplateException(missing(name));
    }
    return test.holds(interpreter, value, arguments);
  }

  private static void add(String name, Predicate<Value> test) {
    ALL.put(
        name,
        (_, value, arguments) -> {
          arguments.bind("the test '" + name + "'", 0);
          return test.test(value);
        });
  }

  private static void comparison(Expr.Comparison comparison, String... names) {
    for (String name : names) {
      ALL.put(
          name,
          (in, value, arguments) -> {
            var bound = arguments.bind("the test '" + name + "'", 1, "other");
            return in.operators().compare(comparison, value, bound.value("other"));
          });
    }
  }

  private static Value rest(Interpreter in, Value value, Value divisor) {
    return in.operators().apply(Expr.Operator.MODULO, value, divisor);
  }

  private static boolean isSequence(Value value) {
    return switch (value) {
      case Text _, Seq _, Dict _, Range _, Undefined _ -> true;
      default -> false;
    };
  }

  private static boolean isCallable(Value value) {
    return switch (value) {
      case Function _, Macro _, Loop _, Undefined _ -> true;
      default -> false;
    };
  }

  /// Python's identity, as far as values without one can have it.
  private static boolean isSame(Value value, Value other) {
    return value == other
        || (value instanceof Int a && other instanceof Int b && a.equals(b))
        || (value instanceof Text c && other instanceof Text d && c.equals(d));
  }
}
