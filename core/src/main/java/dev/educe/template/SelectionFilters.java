package dev.educe.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The filters that apply other filters, tests or attributes to each item.
final class SelectionFilters {
  private SelectionFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    filters.put("map", SelectionFilters::map);
    filters.put("select", (in, value, a) -> select(in, value, a, true, false));
    filters.put("reject", (in, value, a) -> select(in, value, a, false, false));
    filters.put("selectattr", (in, value, a) -> select(in, value, a, true, true));
    filters.put("rejectattr", (in, value, a) -> select(in, value, a, false, true));
  }

  private static Value map(Interpreter in, Value value, Arguments arguments) {
    if (!value.isTrue()) {
      return new Stream(List.of());
    }
    Function<Value, Value> change;
    if (arguments.positional().isEmpty()) {
      var bound = arguments.bind("map", 1, "attribute", "default");
      change = path(in, bound.value("attribute"), bound.value("default"));
    } else {
      String name = name(arguments.positional().getFirst());
      change = item -> Filters.apply(in, name, item, arguments.after(1));
    }
    var items = new ArrayList<Value>();
    for (var iterator = Iteration.iterator(value); iterator.hasNext(); ) {
      in.meter().spend(1);
      in.meter().enter();
      items.add(change.apply(iterator.next()));
      in.meter().leave();
    }
    return new Stream(items);
  }

  private static Value select(
      Interpreter in, Value value, Arguments arguments, boolean wanted, boolean ofAttribute) {
    if (!value.isTrue()) {
      return new Stream(List.of());
    }
    Function<Value, Value> subject = Function.identity();
    var rest = arguments;
    if (ofAttribute) {
      if (rest.positional().isEmpty()) {
        throw new TemplateException("the name of an attribute is missing");
      }
      subject = path(in, rest.positional().getFirst(), None.NONE);
      rest = rest.after(1);
    }
    String test = rest.positional().isEmpty() ? "" : name(rest.positional().getFirst());
    var testArguments = test.isEmpty() ? rest : rest.after(1);
    var items = new ArrayList<Value>();
    for (var iterator = Iteration.iterator(value); iterator.hasNext(); ) {
      in.meter().spend(1);
      Value item = iterator.next();
      Value tested = subject.apply(item);
      boolean holds =
          test.isEmpty() ? tested.isTrue() : Tests.holds(in, test, tested, testArguments);
      if (holds == wanted) {
        items.add(item);
      }
    }
    return new Stream(items);
  }

  private static String name(Value value) {
    if (!(value instanceof Text name)) {
      throw new TemplateException("the name of a filter or test must be a string");
    }
    return name.string();
  }

  /// What finds `a.b.0` in an item; the item itself for `None`.
  ///
  /// @param otherwise stands for what is undefined, unless it is `None`
  static Function<Value, Value> path(Interpreter in, Value attribute, Value otherwise) {
    var keys = new ArrayList<Value>();
    switch (attribute) {
      case None _ -> {}
      case Text path -> {
        for (Value part : new Splitter(in.meter(), path, Integer.MAX_VALUE).parts(".")) {
          String name = part.toString();
          Value index = name.matches("[0-9]{1,18}") ? Int.of(Long.parseLong(name)) : part;
          keys.add(index);
        }
      }
      default -> keys.add(attribute);
    }
    return item -> {
      Value found = item;
      for (Value key : keys) {
        in.meter().spend(1);
        found = Attributes.item(in.meter(), found, key);
        if (found instanceof Undefined && otherwise != None.NONE) {
          found = otherwise;
        }
      }
      return found;
    };
  }

  /// As [#path(Interpreter, Value, Value)], strings in lower case unless case matters.
  static Function<Value, Value> key(
      Interpreter in, Value attribute, Value otherwise, boolean caseMatters) {
    var path = path(in, attribute, otherwise);
    return caseMatters ? path : path.andThen(SelectionFilters::withoutCase);
  }

  static Value withoutCase(Value value) {
    return value instanceof Text text ? text.withString(Casing.lower(text.string())) : value;
  }
}
