package dev.educe.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Computes expressions.
final class Evaluator {
  private final Interpreter interpreter;
  private final Meter meter;

  Evaluator(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.meter = interpreter.meter();
  }

  Value value(Expr expression, Scope scope) {
    meter.enter();
    Value value =
        switch (expression) {
          case Expr.Constant(var constant) -> constant;
          case Expr.Name(var name) -> scope.value(name);
          case Expr.Captured _ -> interpreter.captured();
          case Expr.ListOf(var items) -> Seq.list(values(items, scope));
          case Expr.TupleOf(var items) -> Seq.tuple(values(items, scope));
          case Expr.DictOf dict -> dict(dict, scope);
          case Expr.Not(var operand) -> Bool.of(!value(operand, scope).isTrue());
          case Expr.Both(boolean isAnd, var left, var right) -> {
            Value first = value(left, scope);
            yield first.isTrue() == isAnd ? value(right, scope) : first;
          }
          case Expr.Conditional(var test, var then, var otherwise, int line) ->
              value(test, scope).isTrue()
                  ? value(then, scope)
                  : otherwise.isPresent()
                      ? value(otherwise.get(), scope)
                      : new Undefined(
                          "the inline if-expression on line %d was false and has no else"
                              .formatted(line));
          case Expr.Concat(var parts) -> concatenation(parts, scope);
          case Expr.Compare compare -> comparison(compare, scope);
          case Expr.Call call -> call(call, scope, Optional.empty());
          default -> operation(expression, scope);
        };
    meter.leave();
    return value;
  }

  /// Those that do not go deeper after their operands; apart, since the stack pays for each
  /// method's variables on every level.
  private Value operation(Expr expression, Scope scope) {
    return switch (expression) {
      case Expr.Binary(var operator, var left, var right, int line) -> {
        Value first = value(left, scope);
        Value second = value(right, scope);
        interpreter.at(line);
        yield interpreter.operators().apply(operator, first, second);
      }
      case Expr.Sign(boolean isMinus, var operand, int line) -> {
        Value number = value(operand, scope);
        interpreter.at(line);
        yield Operators.signed(isMinus, number);
      }
      case Expr.Attribute(var owner, var name, int line) -> {
        Value value = value(owner, scope);
        interpreter.at(line);
        yield Attributes.attribute(value, name);
      }
      case Expr.Item(var owner, var key, int line) -> {
        Value value = value(owner, scope);
        Value index = value(key, scope);
        interpreter.at(line);
        yield Attributes.item(meter, value, index);
      }
      case Expr.Slice slice -> slice(slice, scope);
      case Expr.Filter(var operand, var name, var given, int line) -> {
        Value value = value(operand, scope);
        var arguments = arguments(given, scope);
        interpreter.at(line);
        yield Filters.apply(interpreter, name, value, arguments);
      }
      case Expr.Test(var operand, var name, var given, int line) -> {
        Value value = value(operand, scope);
        var arguments = arguments(given, scope);
        interpreter.at(line);
        yield Bool.of(Tests.holds(interpreter, name, value, arguments));
      }
      default -> throw new IllegalStateException("not an operation: " + expression);
    };
  }

  /// A call, with the body of a call block if there is one.
  Value call(Expr.Call call, Scope scope, Optional<Macro> caller) {
    Value function = value(call.function(), scope);
    var given = arguments(call.arguments(), scope);
    var arguments = caller.map(macro -> given.with("caller", macro)).orElse(given);
    interpreter.at(call.line());
    return interpreter.call(function, arguments);
  }

  private List<Value> values(List<Expr> expressions, Scope scope) {
    var values = new ArrayList<Value>(expressions.size());
    for (Expr expression : expressions) {
      values.add(value(expression, scope));
    }
    return values;
  }

  private Dict dict(Expr.DictOf dict, Scope scope) {
    var entries = new LinkedHashMap<Value, Value>();
    for (int i = 0; i < dict.keys().size(); i++) {
      Value key = Dict.key(value(dict.keys().get(i), scope));
      meter.spend(Nesting.of(key).weight());
      entries.put(key, value(dict.values().get(i), scope));
    }
    return new Dict(entries);
  }

  private Text concatenation(List<Expr> parts, Scope scope) {
    var text = new TextBuilder(meter);
    for (Expr part : parts) {
      text.append(interpreter.text(value(part, scope)));
    }
    return text.text();
  }

  private Value comparison(Expr.Compare compare, Scope scope) {
    Value left = value(compare.first(), scope);
    for (int i = 0; i < compare.operators().size(); i++) {
      Value right = value(compare.operands().get(i), scope);
      interpreter.at(compare.line());
      if (!interpreter.operators().compare(compare.operators().get(i), left, right)) {
        return Bool.FALSE;
      }
      left = right;
    }
    return Bool.TRUE;
  }

  private Value slice(Expr.Slice slice, Scope scope) {
    Value owner = value(slice.owner(), scope);
    Value start = bound(slice.start(), scope);
    Value stop = bound(slice.stop(), scope);
    Value step = bound(slice.step(), scope);
    interpreter.at(slice.line());
    return interpreter.operators().slice(owner, start, stop, step);
  }

  private Value bound(Optional<Expr> bound, Scope scope) {
    return bound.isPresent() ? value(bound.get(), scope) : None.NONE;
  }

  private Arguments arguments(Expr.CallArguments given, Scope scope) {
    if (given == Expr.CallArguments.NONE) {
      return Arguments.NONE;
    }
    var positional = values(given.positional(), scope);
    if (given.list().isPresent()) {
      positional.addAll(interpreter.list(value(given.list().get(), scope)));
    }
    Map<String, Value> named = new LinkedHashMap<>();
    for (int i = 0; i < given.names().size(); i++) {
      named.put(given.names().get(i), value(given.named().get(i), scope));
    }
    if (given.dict().isPresent()) {
      addNamed(value(given.dict().get(), scope), named);
    }
    return new Arguments(positional, named);
  }

  private static void addNamed(Value dict, Map<String, Value> named) {
    if (!(dict instanceof Dict entries)) {
      throw new TemplateException("** needs a dict, not a value of type " + dict.typeName());
    }
    entries
        .entries()
        .forEach((key, value) -> {
          if (!(key instanceof Text name) || named.put(name.string(), value) != null) {
            throw new TemplateException(
                "a key behind ** is no string, or the argument is given twice");
          }
        });
  }
}
