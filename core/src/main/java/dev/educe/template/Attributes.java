package dev.educe.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What `a.b` and `a[b]` give, in jinja2's order, without what its immutable sandbox denies.
final class Attributes {
  private static final Set<String> LIST_CHANGES =
      Set.of("append", "clear", "pop", "reverse", "insert", "sort", "extend", "remove");
  private static final Set<String> DICT_CHANGES =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private Attributes() {}

  /// `owner.name`: the attribute, else the item, else undefined.
  static Value attribute(Value owner, String name) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Value own = member(owner, name);
    if (own != null) {
      return own;
    }
    Text key = Text.of(name);
    Value item = owner instanceof Dict dict ? dict.entries().get(key) : null;
    return item != null ? item : Undefined.member(owner, key);
  }

  /// `owner[key]`: the item, else the attribute, else undefined.
  static Value item(Meter meter, Value owner, Value key) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Value item =
        switch (owner) {
          case Dict dict when isHashable(key) -> {
            meter.spend(Nesting.of(key).weight());
            yield dict.entries().get(key);
          }
          case Seq _, Text _, Range _ when Numbers.isInteger(key) -> {
            meter.copy(owner instanceof Text text ? 4L * text.string().length() : 0);
            yield indexed(owner, Numbers.count(key));
          }
          default -> null;
        };
    if (item == null && key instanceof Text name) {
      item = member(owner, name.string());
    }
    return item != null ? item : Undefined.member(owner, key);
  }

  /// An attribute alone; for the filter `attr`.
  static Value attributeOnly(Value owner, String name) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    Value own = member(owner, name);
    return own != null ? own : Undefined.member(owner, Text.of(name));
  }

  private static boolean isHashable(Value key) {
    return switch (key) {
      case Seq seq -> seq.isTuple() && seq.items().stream().allMatch(Attributes::isHashable);
      case Dict _ -> false;
      default -> true;
    };
  }

  private static Value indexed(Value owner, long index) {
    int length = Iteration.length(owner);
    long at = index < 0 ? index + length : index;
    if (at < 0 || at >= length) {
      return null;
    }
    return switch (owner) {
      case Text text -> text.at((int) at);
      case Seq seq -> seq.items().get((int) at);
      default -> ((Range) owner).at((int) at);
    };
  }

  /// @return null if there is none of this name
  private static Value member(Value owner, String name) {
    if (owner instanceof Namespace space) {
      return space.attributes().get(name);
    }
    if (name.startsWith("__")) {
      return Undefined.unsafe(owner, name);
    }
    return switch (owner) {
      case Text text -> TextMethods.find(text, name);
      case Seq seq -> sequenceMember(seq, name);
      case Dict dict -> dictMember(dict, name);
      case Loop loop -> loop.attribute(name);
      case Macro macro -> macroMember(macro, name);
      case Cycler cycler -> cyclerMember(cycler, name);
      case Range range ->
          switch (name) {
            case "start" -> Int.of(range.start());
            case "stop" -> Int.of(range.stop());
            case "step" -> Int.of(range.step());
            default -> null;
          };
      case Int _, Bool _, Real _ -> numberMember(owner, name);
      default -> null;
    };
  }

  private static Value sequenceMember(Seq seq, String name) {
    if (!seq.isTuple() && LIST_CHANGES.contains(name)) {
      return Undefined.unsafe(seq, name);
    }
    if (seq.fields().contains(name)) {
      return seq.items().get(seq.fields().indexOf(name));
    }
    return switch (name) {
      case "count" -> new Function(name, (in, a) -> Int.of(count(in, seq, a)));
      case "index" -> new Function(name, (in, a) -> index(in, seq, a));
      case "copy" -> seq.isTuple() ? null : new Function(name, (_, _) -> seq);
      default -> null;
    };
  }

  private static long count(Interpreter in, Seq seq, Arguments arguments) {
    Value wanted = arguments.bind("count()", 1, "value").value("value");
    return seq.items().stream().filter(item -> in.operators().areEqual(item, wanted)).count();
  }

  private static Value index(Interpreter in, Seq seq, Arguments arguments) {
    var bound = arguments.bind("index()", 1, "value", "start", "stop");
    int size = seq.items().size();
    int start = bound.number("start", 0);
    int stop = bound.number("stop", size);
    int from = Math.max(0, start < 0 ? start + size : start);
    int to = Math.min(size, stop < 0 ? stop + size : stop);
    for (int i = from; i < to; i++) {
      if (in.operators().areEqual(seq.items().get(i), bound.value("value"))) {
        return Int.of(i);
      }
    }
    throw new TemplateException("index() does not find the value in the " + seq.typeName());
  }

  private static Value dictMember(Dict dict, String name) {
    if (DICT_CHANGES.contains(name)) {
      return Undefined.unsafe(dict, name);
    }
    return switch (name) {
      case "get" ->
          new Function(
              name,
              (in, a) -> {
                var bound = a.bind("get()", 1, "key", "default");
                in.meter().spend(Nesting.of(bound.value("key")).weight());
                Value found = dict.entries().get(Dict.key(bound.value("key")));
                return found != null ? found : bound.value("default");
              });
      case "items" ->
          view(dict, name, entries -> entries.entrySet().stream().map(Attributes::pair).toList());
      case "keys" -> view(dict, name, entries -> new ArrayList<>(entries.keySet()));
      case "values" -> view(dict, name, entries -> new ArrayList<>(entries.values()));
      case "copy" -> new Function(name, (_, _) -> dict);
      case "fromkeys" -> Undefined.unsafe(dict, name);
      default -> null;
    };
  }

  static Value pair(Map.Entry<Value, Value> entry) {
    return Seq.tuple(entry.getKey(), entry.getValue());
  }

  private static Function view(
      Dict dict, String name, java.util.function.Function<Map<Value, Value>, List<Value>> items) {
    return new Function(
        name,
        (in, a) -> {
          a.bind(name + "()", 0);
          in.meter().items(dict.entries().size());
          return new View("dict_" + name, items.apply(dict.entries()));
        });
  }

  private static Value macroMember(Macro macro, String name) {
    return switch (name) {
      case "name" -> Text.of(macro.code().name());
      case "arguments" ->
          Seq.tuple(macro.code().parameters().stream().map(p -> (Value) Text.of(p)).toList());
      case "caller" -> Bool.of(macro.code().extras().contains("caller"));
      case "catch_kwargs" -> Bool.of(macro.code().extras().contains("kwargs"));
      case "catch_varargs" -> Bool.of(macro.code().extras().contains("varargs"));
      default -> null;
    };
  }

  private static Value cyclerMember(Cycler cycler, String name) {
    return switch (name) {
      case "current" -> cycler.current();
      case "next" -> new Function(name, (_, _) -> cycler.next());
      case "reset" ->
          new Function(
              name,
              (_, _) -> {
                cycler.reset();
                return None.NONE;
              });
      default -> null;
    };
  }

  private static Value numberMember(Value number, String name) {
    return switch (name) {
      case "real" -> number instanceof Bool ? new Int(Numbers.integer(number)) : number;
      case "imag" -> number instanceof Real ? new Real(0) : Int.of(0);
      case "numerator" -> number instanceof Real ? null : new Int(Numbers.integer(number));
      case "denominator" -> number instanceof Real ? null : Int.of(1);
      case "bit_length" ->
          number instanceof Real
              ? null
              : new Function(name, (_, _) -> Int.of(Numbers.integer(number).abs().bitLength()));
      case "is_integer" ->
          number instanceof Real real
              ? new Function(name, (_, _) -> Bool.of(real.value() == Math.rint(real.value())))
              : null;
      default -> null;
    };
  }
}
