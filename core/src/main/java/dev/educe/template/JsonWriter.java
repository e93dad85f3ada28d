package dev.educe.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Values as Python's `json.dumps` writes them.
final class JsonWriter {
  private final TextBuilder out;
  private final Meter meter;
  private final boolean isAscii;
  private final String indent;
  private final Text itemSeparator;
  private final Text keySeparator;
  private final boolean isSorted;

  /// @param indent one level of indentation; null for a single line
  JsonWriter(
      Meter meter,
      boolean isAscii,
      String indent,
      Text itemSeparator,
      Text keySeparator,
      boolean isSorted) {
    this.meter = meter;
    this.out = new TextBuilder(meter);
    this.isAscii = isAscii;
    this.indent = indent;
    this.itemSeparator = itemSeparator;
    this.keySeparator = keySeparator;
    this.isSorted = isSorted;
  }

  Text write(Value value) {
    append(value, 0);
    return out.text();
  }

  private void append(Value value, int depth) {
    meter.spend(1);
    switch (value) {
      case Text text -> quote(text);
      case Seq seq -> {
        out.append("[");
        boolean isFirst = true;
        for (Value item : seq.items()) {
          beforeItem(isFirst, depth + 1);
          append(item, depth + 1);
          isFirst = false;
        }
        close("]", isFirst, depth);
      }
      case Dict dict -> {
        out.append("{");
        boolean isFirst = true;
        for (var entry : entries(dict)) {
          beforeItem(isFirst, depth + 1);
          quote(key(entry.getKey()));
          out.append(keySeparator);
          append(entry.getValue(), depth + 1);
          isFirst = false;
        }
        close("}", isFirst, depth);
      }
      default -> {
        if (value instanceof Int number) {
          meter.integer(number.value());
        }
        out.append(plain(value));
      }
    }
  }

  private List<Map.Entry<Value, Value>> entries(Dict dict) {
    var entries = new ArrayList<>(dict.entries().entrySet());
    return isSorted ? new Sorting(meter).sorted(entries, Map.Entry::getKey, false) : entries;
  }

  private static Text key(Value key) {
    return key instanceof Text text ? text : Text.of(plain(key));
  }

  private static String plain(Value value) {
    return switch (value) {
      case None _ -> "null";
      case Bool truth -> truth.isTrue() ? "true" : "false";
      case Int number -> Numbers.text(number.value());
      case Real number ->
          Double.isNaN(number.value())
              ? "NaN"
              : Double.isInfinite(number.value())
                  ? (number.value() > 0 ? "Infinity" : "-Infinity")
                  : Numbers.text(number.value());
      case Undefined undefined ->
          throw new TemplateException(
              "tojson cannot write what is undefined: " + undefined.message());
      default ->
          throw new TemplateException("tojson cannot write a value of type " + value.typeName());
    };
  }

  private void beforeItem(boolean isFirst, int depth) {
    if (!isFirst) {
      out.append(itemSeparator);
    }
    newLine(depth);
  }

  private void close(String bracket, boolean isEmpty, int depth) {
    if (!isEmpty) {
      newLine(depth);
    }
    out.append(bracket);
  }

  private void newLine(int depth) {
    if (indent != null) {
      out.append("\n");
      for (int i = 0; i < depth; i++) {
        out.append(indent);
      }
    }
  }

  private void quote(Text text) {
    String string = text.string();
    var marks = text.marks();
    out.append("\"");
    int plainFrom = 0;
    for (int i = 0; i < string.length(); i++) {
      String escape = escape(string.charAt(i));
      if (escape != null) {
        out.append(text, plainFrom, i);
        out.append(escape, marks.isEmpty() ? 0 : marks.flags(marks.runAt(i)));
        plainFrom = i + 1;
      }
    }
    out.append(text, plainFrom, string.length()).append("\"");
  }

  private String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\f' -> "\\f";
      case '\b' -> "\\b";
      default -> c < 0x20 || (isAscii && c > 0x7e) ? "\\u%04x".formatted((int) c) : null;
    };
  }
}
