package dev.educe.template;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Plain Java values to those of templates.
final class Conversion {
  /// Roles that users may name and templates may make special tokens of.
  private static final Set<String> ROLES =
      Set.of("system", "developer", "user", "assistant", "tool", "function", "ipython", "model");

  /// More would overflow the stack before it is refused for its depth.
  private static final int DEPTH_MAX = 250;

  private Conversion() {}

  static Value of(Object plain, int origin) {
    return of(plain, origin, 0);
  }

  private static Value of(Object plain, int origin, int depth) {
    if (depth > DEPTH_MAX) {
      throw new TemplateException("an argument is nested more than " + DEPTH_MAX + " levels deep");
    }
    return switch (plain) {
      case null -> None.NONE;
      case Value value -> value;
      case String text -> Text.of(text, origin);
      case Boolean truth -> Bool.of(truth);
      case Integer number -> Int.of(number);
      case Long number -> Int.of(number);
      case Short number -> Int.of(number);
      case Byte number -> Int.of(number);
      case BigInteger number -> new Int(number);
      case Double number -> new Real(number);
      case Float number -> new Real(number);
      case BigDecimal number -> new Real(number.doubleValue());
      case List<?> list -> {
        var items = new ArrayList<Value>(list.size());
        list.forEach(item -> items.add(of(item, origin, depth + 1)));
        yield Seq.list(Collections.unmodifiableList(items));
      }
      case Map<?, ?> map -> dict(map, origin, depth);
      default ->
          throw new TemplateException(
              "an argument is a " + plain.getClass().getSimpleName() + ", which no template knows");
    };
  }

  private static Dict dict(Map<?, ?> map, int origin, int depth) {
    var entries = new LinkedHashMap<Value, Value>();
    map.forEach((key, value) -> {
      if (!(key instanceof String name)) {
        throw new TemplateException("a key of an argument is not a string: " + key);
      }
      boolean isRole = name.equals("role") && value instanceof String role && ROLES.contains(role);
      entries.put(Text.of(name, origin), of(value, isRole ? 0 : origin, depth + 1));
    });
    return new Dict(Collections.unmodifiableMap(entries));
  }
}
