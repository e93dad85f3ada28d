package dev.educe.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The functions that every template has.
final class Globals {
  private static final Map<String, Value> ALL = new LinkedHashMap<>();

  static {
    add("range", (_, arguments) -> range(arguments.positional()));
    add("dict", (in, arguments) -> new Dict(entries(in, arguments)));
    add("namespace", (in, arguments) -> namespace(in, arguments));
    add("cycler", (_, arguments) -> new Cycler(arguments.positional()));
    add("joiner", (_, arguments) -> joiner(arguments.bind("joiner()", 0, "sep")));
    add("raise_exception", Globals::raise);
    add("strftime_now", Globals::strftime);
  }

  private Globals() {}

  static Map<String, Value> all() {
    return ALL;
  }

  private static void add(String name, Function.Body body) {
    ALL.put(name, new Function(name, body));
  }

  private static Value range(List<Value> bounds) {
    var numbers = bounds.stream().mapToLong(Numbers::count).toArray();
    return switch (numbers.length) {
      case 1 -> new Range(0, numbers[0], 1);
      case 2 -> new Range(numbers[0], numbers[1], 1);
      case 3 -> new Range(numbers[0], numbers[1], numbers[2]);
      default -> throw new TemplateException("range() takes 1 to 3 arguments");
    };
  }

  /// As Python's `dict(…)`: of a dict or of pairs, and of keywords.
  private static Map<Value, Value> entries(Interpreter in, Arguments arguments) {
    var entries = new LinkedHashMap<Value, Value>();
    if (arguments.positional().size() > 1) {
      throw new TemplateException("dict() takes at most one argument by position");
    }
    for (Value source : arguments.positional()) {
      in.meter().spend(Nesting.of(source).weight());
      if (source instanceof Dict dict) {
        entries.putAll(dict.entries());
        continue;
      }
      for (Value pair : in.list(source)) {
        var parts = in.list(pair);
        if (parts.size() != 2) {
          throw new TemplateException("dict() needs pairs of a key and a value");
        }
        in.meter().spend(Nesting.of(parts.getFirst()).weight());
        entries.put(Dict.key(parts.getFirst()), parts.getLast());
      }
    }
    arguments.named().forEach((name, value) -> entries.put(Text.of(name), value));
    return entries;
  }

  private static Value namespace(Interpreter in, Arguments arguments) {
    var attributes = new LinkedHashMap<String, Value>();
    entries(in, arguments)
        .forEach((name, value) -> {
          if (name instanceof Text text) {
            attributes.put(text.string(), value);
          }
        });
    return new Namespace(attributes);
  }

  private static Value joiner(Arguments.Bound bound) {
    Value separator = bound.has("sep") ? bound.value("sep") : Text.of(", ");
    var isUsed = new boolean[1];
    return new Function(
        "joiner",
        (_, _) -> {
          boolean before = isUsed[0];
          isUsed[0] = true;
          return before ? separator : Text.EMPTY;
        });
  }

  private static Value raise(Interpreter in, Arguments arguments) {
    Value message = arguments.bind("raise_exception()", 1, "message").value("message");
    throw new TemplateException(in.text(message).string());
  }

  private static Value strftime(Interpreter in, Arguments arguments) {
    var format = arguments.bind("strftime_now()", 1, "format").text("format");
    return Strftime.format(in.meter(), format, in.now());
  }
}
