package dev.educe.template;

import java.util.HashMap;
import java.util.Map;

/// jinja2's filters, but for those that make links and attributes of HTML (`urlize`, `xmlattr`),
/// that give another result each time (`random`) or are for debugging (`pprint`).
final class Filters {
  /// What a filter makes of a value, with its arguments.
  @FunctionalInterface
  interface Filter {
    Value apply(Interpreter interpreter, Value value, Arguments arguments);
  }

  private static final Map<String, Filter> ALL = new HashMap<>();

  static {
    NumberFilters.addTo(ALL);
    TextFilters.addTo(ALL);
    SequenceFilters.addTo(ALL);
    SelectionFilters.addTo(ALL);
    ALL.put("attr", Filters::attribute);
    ALL.put("default", Filters::otherwise);
    ALL.put("d", Filters::otherwise);
    ALL.put("tojson", Filters::json);
  }

  private Filters() {}

  static boolean exists(String name) {
    return ALL.containsKey(name);
  }

  static String missing(String name) {
    return "there is no filter '" + Messages.shortened(name) + "'";
  }

  static Value apply(Interpreter interpreter, String name, Value value, Arguments arguments) {
    var filter = ALL.get(name);
    if (filter == null) {
      throw new TemplateException(missing(name));
    }
    interpreter.meter().call();
    return filter.apply(interpreter, value, arguments);
  }

  private static Value attribute(Interpreter in, Value value, Arguments arguments) {
    String name = arguments.bind("attr", 1, "name").text("name").string();
    return Attributes.attributeOnly(value, name);
  }

  private static Value otherwise(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("default", 0, "default_value", "boolean");
    boolean isMissing =
        value instanceof Undefined || (bound.isTrue("boolean", false) && !value.isTrue());
    return !isMissing
        ? value
        : bound.has("default_value") ? bound.value("default_value") : Text.EMPTY;
  }

  /// As transformers replaces jinja2's own: nothing is escaped for HTML.
  private static Value json(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    String indent =
        switch (bound.value("indent")) {
          case None _ -> null;
          case Text text -> text.string();
          default -> {
            int width = Math.max(0, bound.number("indent", 0));
            yield new TextBuilder(in.meter()).repeat(Text.of(" "), width).text().string();
          }
        };
    Text itemSeparator = Text.of(indent == null ? ", " : ",");
    Text keySeparator = Text.of(": ");
    if (bound.value("separators") != None.NONE) {
      var separators = in.list(bound.value("separators"));
      if (separators.size() != 2
          || !(separators.getFirst() instanceof Text item)
          || !(separators.getLast() instanceof Text key)) {
        throw new TemplateException("tojson needs two strings as 'separators'");
      }
      itemSeparator = item;
      keySeparator = key;
    }
    return new JsonWriter(
            in.meter(),
            bound.isTrue("ensure_ascii", false),
            indent,
            itemSeparator,
            keySeparator,
            bound.isTrue("sort_keys", false))
        .write(value);
  }
}
