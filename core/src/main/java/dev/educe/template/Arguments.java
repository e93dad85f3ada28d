package dev.educe.template;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a function is called with.
///
/// @param positional in order
/// @param named by keyword, in order
record Arguments(List<Value> positional, Map<String, Value> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  static Arguments of(Value... positional) {
    return new Arguments(List.of(positional), Map.of());
  }

  /// All but the first so many positional ones.
  Arguments after(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  /// The same, if none goes by keyword and there is at least one.
  Arguments onlyPositional(String function) {
    if (!named.isEmpty() || positional.isEmpty()) {
      throw new TemplateException(function + "() needs arguments, and none by keyword");
    }
    return this;
  }

  Arguments with(String name, Value value) {
    var more = new LinkedHashMap<>(named);
    more.put(name, value);
    return new Arguments(positional, more);
  }

  /// Assigns them to parameters.
  ///
  /// @param function for the sentence if they do not fit
  /// @param required how many of the first parameters must be given
  /// @param parameters the names
  Bound bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          "%s takes at most %d arguments, got %d"
              .formatted(function, parameters.length, positional.size()));
    }
    var bound = new LinkedHashMap<String, Value>();
    for (int i = 0; i < positional.size(); i++) {
      bound.put(parameters[i], positional.get(i));
    }
    named.forEach((name, value) -> {
      if (!List.of(parameters).contains(name) || bound.put(name, value) != null) {
        throw new TemplateException(
            "%s has no argument '%s', or it is given twice"
                .formatted(function, Messages.shortened(name)));
      }
    });
    for (int i = 0; i < required; i++) {
      if (!bound.containsKey(parameters[i])) {
        throw new TemplateException(function + " needs the argument '" + parameters[i] + "'");
      }
    }
    return new Bound(function, bound);
  }

  /// Arguments by the names of their parameters.
  ///
  /// @param function for the sentence if one has the wrong type
  /// @param values those that were given
  record Bound(String function, Map<String, Value> values) {
    boolean has(String name) {
      return values.containsKey(name);
    }

    /// An argument; `None` if it was not given.
    Value value(String name) {
      return values.getOrDefault(name, None.NONE);
    }

    boolean isTrue(String name, boolean otherwise) {
      return has(name) ? value(name).isTrue() : otherwise;
    }

    /// A count or an index, cut to the range of `int`.
    int number(String name, int otherwise) {
      return has(name) ? Numbers.small(value(name)) : otherwise;
    }

    /// As [#number(String, int)], `None` being the same as not given.
    int numberOrNone(String name, int otherwise) {
      return value(name) == None.NONE ? otherwise : number(name, otherwise);
    }

    /// A string that must be one.
    Text text(String name) {
      return switch (value(name)) {
        case Text text -> text;
        case Undefined undefined -> throw undefined.failure();
        default ->
            throw new TemplateException(
                "%s needs a string as '%s', not a value of type %s"
                    .formatted(function, name, value(name).typeName()));
      };
    }

    Text text(String name, String otherwise) {
      return has(name) ? text(name) : Text.of(otherwise);
    }
  }
}
