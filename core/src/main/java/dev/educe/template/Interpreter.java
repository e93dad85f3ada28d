package dev.educe.template;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;

/// Runs the statements of one rendering. Used by one thread, once.
///
/// Depth is counted on the way down; on the way up only where a rendering goes on, since a failure
/// ends it.
final class Interpreter {
  /// A round has a scope of its own, which costs more than to compute something.
  private static final int OPERATIONS_PER_ITERATION = 3;

  private final Meter meter;
  private final Operators operators;
  private final Evaluator evaluator;
  private final LocalDateTime now;
  private final Scope globals;
  private TextBuilder out;
  private Text captured = Text.EMPTY;
  private int line;

  /// How a statement ends.
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  Interpreter(Meter meter, LocalDateTime now, Map<String, Value> arguments) {
    this.meter = meter;
    this.now = now;
    this.operators = new Operators(meter);
    this.evaluator = new Evaluator(this);
    var variables = new LinkedHashMap<>(Globals.all());
    variables.putAll(arguments);
    this.globals = Scope.outermost(variables);
    this.out = new TextBuilder(meter);
  }

  /// @throws TemplateException if anything goes wrong
  Text render(List<Node> template) {
    try {
      run(template, globals);
    } catch (TemplateException e) {
      throw e.atLine(line);
    }
    return out.text();
  }

  Meter meter() {
    return meter;
  }

  Operators operators() {
    return operators;
  }

  LocalDateTime now() {
    return now;
  }

  /// What the block has rendered whose filters are being applied.
  Text captured() {
    return captured;
  }

  /// Says where in the template the next failure is.
  void at(int where) {
    line = where;
  }

  /// As Python's `str(value)`.
  Text text(Value value) {
    return Repr.text(meter, value);
  }

  List<Value> list(Value value) {
    return Iteration.list(meter, value);
  }

  private Flow run(List<Node> nodes, Scope scope) {
    for (Node node : nodes) {
      meter.enter();
      var flow = run(node, scope);
      meter.leave();
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Node node, Scope scope) {
    switch (node) {
      case Node.Data(var text) -> out.append(text);
      case Node.Print(var value, int where) -> {
        line = where;
        out.append(text(evaluator.value(value, scope)));
      }
      case Node.If condition -> {
        return run(branch(condition, scope), scope);
      }
      case Node.For loop -> {
        return loop(loop, scope);
      }
      case Node.Jump(boolean isBreak) -> {
        return isBreak ? Flow.BREAK : Flow.CONTINUE;
      }
      case Node.Set(var target, var value, int where) -> {
        line = where;
        assign(target, evaluator.value(value, scope), scope);
      }
      case Node.SetBlock block -> {
        var inner = scope.inner();
        var flow = capture(block.body(), inner);
        if (flow != Flow.NEXT) {
          return flow;
        }
        line = block.line();
        assign(block.target(), evaluator.value(block.filters(), inner), scope);
      }
      case Node.FilterBlock(var filters, var body, int where) -> {
        var inner = scope.inner();
        var flow = capture(body, inner);
        if (flow != Flow.NEXT) {
          return flow;
        }
        line = where;
        out.append(text(evaluator.value(filters, inner)));
      }
      case Node.MacroDefinition(var code) -> scope.set(code.name(), new Macro(code, scope));
      case Node.CallBlock(var caller, var call, int where) -> {
        line = where;
        out.append(text(evaluator.call(call, scope, Optional.of(new Macro(caller, scope)))));
      }
      case Node.With with -> {
        return with(with, scope);
      }
      case Node.Generation(var body) -> {
        capture(body, scope.inner());
        out.append(captured, Marks.GENERATED);
      }
      case Node.Block(boolean isScoped, var body) ->
          run(body, (isScoped ? scope : globals).inner());
    }
    return Flow.NEXT;
  }

  private List<Node> branch(Node.If condition, Scope scope) {
    for (var branch : condition.branches()) {
      line = branch.line();
      if (evaluator.value(branch.test(), scope).isTrue()) {
        return branch.body();
      }
    }
    return condition.otherwise();
  }

  private Flow with(Node.With with, Scope scope) {
    line = with.line();
    var inner = scope.inner();
    for (int i = 0; i < with.targets().size(); i++) {
      assign(with.targets().get(i), evaluator.value(with.values().get(i), scope), inner);
    }
    return run(with.body(), inner);
  }

  /// Renders into [#captured()].
  private Flow capture(List<Node> body, Scope scope) {
    var around = out;
    out = new TextBuilder(meter);
    var flow = run(body, scope);
    captured = out.text();
    out = around;
    return flow;
  }

  private Flow loop(Node.For loop, Scope scope) {
    line = loop.line();
    Value items = evaluator.value(loop.items(), scope);
    if (loop.isRecursive()) {
      out.append(recurse(loop, items, scope, 0));
      return Flow.NEXT;
    }
    return iterate(loop, items, scope, 0);
  }

  /// Renders a recursive loop, as a text.
  private Text recurse(Node.For loop, Value items, Scope scope, int depth) {
    meter.enter();
    var around = out;
    out = new TextBuilder(meter);
    iterate(loop, items, scope, depth);
    var text = out.text();
    out = around;
    meter.leave();
    return text;
  }

  private Flow iterate(Node.For loop, Value items, Scope scope, int depth) {
    var source = Iteration.iterator(items);
    var state =
        loop.test().isEmpty()
            ? new Loop(source, Iteration.length(items), depth, recursion(loop, scope, depth))
            : new Loop(passing(loop, source, scope), -1, depth, recursion(loop, scope, depth));
    // As jinja2 has it, only a body that was run to its end keeps `else` from being run.
    boolean hasRun = false;
    while (state.advance()) {
      meter.spend(OPERATIONS_PER_ITERATION);
      var inner = scope.inner();
      inner.set("loop", state);
      assign(loop.target(), state.current(), inner);
      var flow = run(loop.body(), inner);
      if (flow == Flow.BREAK) {
        break;
      }
      hasRun |= flow == Flow.NEXT;
    }
    return hasRun ? Flow.NEXT : run(loop.otherwise(), scope.inner());
  }

  private Function.Body recursion(Node.For loop, Scope scope, int depth) {
    return (_, arguments) -> {
      if (!loop.isRecursive()) {
        throw new TemplateException("only a loop marked 'recursive' can be called");
      }
      var bound = arguments.bind("loop()", 1, "iterable");
      return recurse(loop, bound.value("iterable"), scope, depth + 1);
    };
  }

  /// The items for which the loop's test holds, each tested when it is asked for.
  private Iterator<Value> passing(Node.For loop, Iterator<Value> source, Scope scope) {
    return new Iterator<>() {
      private Value next;

      @Override
      public boolean hasNext() {
        while (next == null && source.hasNext()) {
          meter.spend(1);
          Value item = source.next();
          var inner = scope.inner();
          assign(loop.target(), item, inner);
          next = evaluator.value(loop.test().orElseThrow(), inner).isTrue() ? item : null;
        }
        return next != null;
      }

      @Override
      public Value next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        Value item = next;
        next = null;
        return item;
      }
    };
  }

  private void assign(Node.Target target, Value value, Scope scope) {
    switch (target) {
      case Node.Target.Name(var name) -> scope.set(name, value);
      case Node.Target.Attribute(var name, var attribute) -> {
        if (!(scope.value(name) instanceof Namespace namespace)) {
          throw new TemplateException(
              "'%s' is not a namespace, so its attributes cannot be set"
                  .formatted(Messages.shortened(name)));
        }
        namespace.attributes().put(attribute, value);
      }
      case Node.Target.Several(var targets) -> {
        var values = list(value);
        if (values.size() != targets.size()) {
          throw new TemplateException(
              "%d values cannot be assigned to %d names".formatted(values.size(), targets.size()));
        }
        for (int i = 0; i < targets.size(); i++) {
          assign(targets.get(i), values.get(i), scope);
        }
      }
    }
  }

  /// Renders a macro.
  Text call(Macro macro, Arguments arguments) {
    meter.enter();
    var code = macro.code();
    var scope = macro.scope().inner();
    var named = new LinkedHashMap<>(arguments.named());
    var positional = arguments.positional();
    bindParameters(code, positional, named, scope);
    if (code.extras().contains("caller")) {
      Value caller = named.remove("caller");
      scope.set("caller", caller == null ? new Undefined("No caller defined") : caller);
    }
    if (code.extras().contains("kwargs")) {
      var entries = new LinkedHashMap<Value, Value>();
      named.forEach((name, value) -> entries.put(Text.of(name), value));
      scope.set("kwargs", new Dict(entries));
    } else if (!named.isEmpty()) {
      throw new TemplateException(
          "macro %s takes no argument '%s', or it is given twice"
              .formatted(macro.shownName(), Messages.shortened(named.keySet().iterator().next())));
    }
    int count = code.parameters().size();
    if (code.extras().contains("varargs")) {
      scope.set(
          "varargs",
          Seq.tuple(positional.subList(Math.min(count, positional.size()), positional.size())));
    } else if (positional.size() > count) {
      throw new TemplateException(
          "macro %s takes at most %d arguments, got %d"
              .formatted(macro.shownName(), count, positional.size()));
    }
    var around = out;
    out = new TextBuilder(meter);
    run(code.body(), scope);
    var text = out.text();
    out = around;
    meter.leave();
    return text;
  }

  private void bindParameters(
      Node.MacroCode code, List<Value> positional, Map<String, Value> named, Scope scope) {
    var names = code.parameters();
    int firstDefault = names.size() - code.defaults().size();
    var missing = new ArrayList<Integer>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Value value = i < positional.size() ? positional.get(i) : named.remove(name);
      if (value == null) {
        missing.add(i);
        value = new Undefined("parameter '" + Messages.shortened(name) + "' was not provided");
      }
      scope.set(name, value);
    }
    for (int i : missing) {
      if (i >= firstDefault) {
        var otherwise = code.defaults().get(i - firstDefault);
        scope.set(names.get(i), evaluator.value(otherwise, scope));
      }
    }
  }

  /// Calls anything that can be called.
  ///
  /// @throws TemplateException if it cannot
  Value call(Value function, Arguments arguments) {
    meter.call();
    return switch (function) {
      case Function known -> known.body().call(this, arguments);
      case Macro macro -> call(macro, arguments);
      case Loop loop -> loop.call(this, arguments);
      case Undefined undefined -> throw undefined.failure();
      default ->
          throw new TemplateException(
              "a value of type " + function.typeName() + " cannot be called");
    };
  }
}
