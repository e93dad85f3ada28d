package dev.educe.template;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// Values as Python's `str` and `repr` print them.
final class Repr {
  /// Namespaces can hold themselves; lists and dicts cannot be nested beyond [Nesting].
  private static final int DEPTH_MAX = 250;

  private final TextBuilder out;
  private final Meter meter;

  private Repr(Meter meter) {
    this.meter = meter;
    this.out = new TextBuilder(meter);
  }

  /// As `str(value)`.
  static Text text(Meter meter, Value value) {
    return switch (value) {
      case Text text -> text;
      case Undefined _ -> Text.EMPTY;
      default -> repr(meter, value);
    };
  }

  /// As `repr(value)`.
  static Text repr(Meter meter, Value value) {
    var repr = new Repr(meter);
    repr.append(value, 0);
    return repr.out.text();
  }

  /// A string in quotation marks.
  static String quoted(String text) {
    var meter = new Meter(Long.MAX_VALUE / 2, Long.MAX_VALUE / 2);
    return repr(meter, Text.of(text)).string();
  }

  private void append(Value value, int depth) {
    meter.spend(1);
    if (depth > DEPTH_MAX) {
      throw new TemplateException("a namespace that holds itself cannot be printed");
    }
    switch (value) {
      case Text text -> quote(text);
      case Int number -> {
        meter.integer(number.value());
        out.append(Numbers.text(number.value()));
      }
      case Real number -> out.append(Numbers.text(number.value()));
      case Bool truth -> out.append(truth.isTrue() ? "True" : "False");
      case None _ -> out.append("None");
      case Undefined _ -> out.append("Undefined");
      case Seq seq -> {
        out.append(seq.isTuple() ? "(" : "[");
        list(seq.items(), depth);
        out.append(!seq.isTuple() ? "]" : seq.items().size() == 1 ? ",)" : ")");
      }
      case Dict dict -> dict(dict.entries().entrySet().iterator(), depth);
      case View view -> {
        out.append(view.typeName()).append("([");
        list(view.items(), depth);
        out.append("])");
      }
      case Range range -> {
        out.append("range(" + range.start() + ", " + range.stop());
        out.append(range.step() == 1 ? ")" : ", " + range.step() + ")");
      }
      case Namespace space -> {
        out.append("<Namespace ");
        var entries = space.attributes().entrySet().stream();
        dict(
            entries.map(e -> Map.entry((Value) Text.of(e.getKey()), e.getValue())).iterator(),
            depth);
        out.append(">");
      }
      case Macro macro -> out.append("<Macro " + macro.shownName() + ">");
      case Loop loop -> out.append("<LoopContext " + loop.index() + "/" + loop.length() + ">");
      // Python gives their address, which is never the same.
      case Function function -> out.append("<built-in function " + function.name() + ">");
      case Stream _, Cycler _ -> out.append("<" + value.typeName() + " object>");
    }
  }

  private void list(List<Value> items, int depth) {
    String separator = "";
    for (Value item : items) {
      out.append(separator);
      append(item, depth + 1);
      separator = ", ";
    }
  }

  private void dict(Iterator<? extends Map.Entry<Value, Value>> entries, int depth) {
    out.append("{");
    String separator = "";
    while (entries.hasNext()) {
      var entry = entries.next();
      out.append(separator);
      append(entry.getKey(), depth + 1);
      out.append(": ");
      append(entry.getValue(), depth + 1);
      separator = ", ";
    }
    out.append("}");
  }

  private void quote(Text text) {
    String string = text.string();
    char mark = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
    out.append(String.valueOf(mark));
    int plainFrom = 0;
    int c;
    for (int i = 0; i < string.length(); i += Character.charCount(c)) {
      c = string.codePointAt(i);
      if (c == mark || c == '\\' || !Characters.isPrintable(c)) {
        out.append(text, plainFrom, i);
        out.append(escape(c, mark), originAt(text, i));
        plainFrom = i + Character.charCount(c);
      }
    }
    out.append(text, plainFrom, string.length()).append(String.valueOf(mark));
  }

  private static int originAt(Text text, int unit) {
    return text.marks().isEmpty() ? 0 : text.marks().flags(text.marks().runAt(unit));
  }

  private static String escape(int c, char mark) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default ->
          c == mark || c == '\\'
              ? "\\" + (char) c
              : c < 0x100
                  ? "\\x%02x".formatted(c)
                  : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
    };
  }
}
