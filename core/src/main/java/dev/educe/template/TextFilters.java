package dev.educe.template;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// The filters of strings; most make a string of other values first.
final class TextFilters {
  /// How much longer than asked a text may be before it is truncated.
  private static final int LEEWAY = 5;

  private TextFilters() {}

  static void addTo(Map<String, Filters.Filter> filters) {
    changed(filters, "lower", Casing::lower);
    changed(filters, "upper", Casing::upper);
    changed(filters, "capitalize", Casing::capitalized);
    changed(filters, "title", TextFilters::title);
    filters.put("string", (in, value, _) -> in.text(value));
    filters.put("safe", (in, value, _) -> in.text(value).asMarkup());
    filters.put("e", TextFilters::escape);
    filters.put("escape", TextFilters::escape);
    filters.put(
        "forceescape",
        (in, value, _) -> Markup.escaped(in.meter(), plain(in.text(value))).asMarkup());
    filters.put("striptags", (in, value, _) -> TagStripper.strip(in.meter(), in.text(value)));
    filters.put("trim", TextFilters::trim);
    filters.put("replace", TextFilters::replace);
    filters.put("center", TextFilters::center);
    filters.put("indent", TextFilters::indent);
    filters.put("truncate", TextFilters::truncate);
    filters.put("wordcount", (in, value, _) -> wordCount(in.text(value).string()));
    filters.put("wordwrap", TextFilters::wordWrap);
    filters.put("urlencode", TextFilters::urlEncode);
    filters.put("format", TextFilters::format);
  }

  private static void changed(
      Map<String, Filters.Filter> filters, String name, UnaryOperator<String> change) {
    filters.put(
        name,
        (in, value, arguments) -> {
          arguments.bind(name, 0);
          Text text = in.text(value);
          in.meter().copy(4L * text.string().length());
          return text.withString(change.apply(text.string()));
        });
  }

  /// Each word's first character in upper case, and no other.
  private static String title(String text) {
    var title = new StringBuilder(text.length());
    boolean isStart = true;
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      int next = i + Character.charCount(c);
      String character = text.substring(i, next);
      title.append(isStart ? Casing.upper(character) : Casing.lower(character));
      isStart = "-({[<".indexOf(c) >= 0 || Characters.isSpace(c);
      i = next;
    }
    return title.toString();
  }

  private static Text plain(Text text) {
    return Text.of(text.string(), text.marks());
  }

  private static Value escape(Interpreter in, Value value, Arguments arguments) {
    return Markup.escaped(in.meter(), in.text(value)).asMarkup();
  }

  private static Value trim(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("trim", 0, "chars");
    Text characters = bound.value("chars") == None.NONE ? null : bound.text("chars");
    Text text = in.text(value);
    in.meter().copy(text.string().length());
    return TextMethods.stripped(text, characters, true, true);
  }

  private static Value replace(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("replace", 2, "old", "new", "count");
    return TextMethods.replaced(
        in.meter(),
        in.text(value),
        in.text(bound.value("old")).string(),
        in.text(bound.value("new")),
        bound.numberOrNone("count", -1));
  }

  private static Value center(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("center", 0, "width");
    return TextMethods.centered(in, in.text(value), Int.of(bound.number("width", 80)));
  }

  private static Text string(String filter, Value value) {
    return Arguments.of(value).bind(filter, 1, "value").text("value");
  }

  private static Value indent(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("indent", 0, "width", "first", "blank");
    Text text = string("indent", value);
    var builder = new TextBuilder(in.meter());
    Text indentation =
        bound.value("width") instanceof Text width
            ? width
            : builder.repeat(Text.of(" "), Math.max(0, bound.number("width", 4))).text();
    var lines =
        new Splitter(in.meter(), new TextBuilder(in.meter()).append(text).append("\n").text(), 0)
            .lines(false);
    var result = new TextBuilder(in.meter());
    for (int i = 0; i < lines.size(); i++) {
      Text line = (Text) lines.get(i);
      boolean isIndented =
          i == 0 ? bound.isTrue("first", false) : line.isTrue() || bound.isTrue("blank", false);
      result.append(i == 0 ? "" : "\n").append(isIndented ? indentation : Text.EMPTY).append(line);
    }
    return result.text();
  }

  private static Value truncate(Interpreter in, Value value, Arguments arguments) {
    var bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    Text text = value instanceof Undefined ? Text.EMPTY : string("truncate", value);
    Text end = bound.text("end", "...");
    int length = bound.number("length", 255);
    int leeway = bound.numberOrNone("leeway", LEEWAY);
    if (length < end.length() || leeway < 0) {
      throw new TemplateException("truncate needs room for its end, and a leeway of 0 or more");
    }
    if (text.length() <= (long) length + leeway) {
      return text;
    }
    Text part = text.part(0, length - end.length());
    if (!bound.isTrue("killwords", false) && part.string().indexOf(' ') >= 0) {
      part = part.units(0, part.string().lastIndexOf(' '));
    }
    return new TextBuilder(in.meter()).append(part).append(end).text();
  }

  private static Value wordCount(String text) {
    int count = 0;
    boolean isInWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean isWord = Characters.isWord(text.codePointAt(i));
      count += isWord && !isInWord ? 1 : 0;
      isInWord = isWord;
    }
    return Int.of(count);
  }

  private static Value wordWrap(Interpreter in, Value value, Arguments arguments) {
    var bound =
        arguments.bind(
            "wordwrap", 0, "width", "break_long_words", "wrapstring", "break_on_hyphens");
    Text end = bound.value("wrapstring") == None.NONE ? Text.of("\n") : bound.text("wrapstring");
    var wrapper =
        new WordWrapper(
            in.meter(),
            bound.number("width", 79),
            bound.isTrue("break_long_words", true),
            bound.isTrue("break_on_hyphens", true));
    var lines = new ArrayList<List<Text>>();
    for (Value line : new Splitter(in.meter(), string("wordwrap", value), 0).lines(false)) {
      lines.add(wrapper.wrapped((Text) line));
    }
    var result = new TextBuilder(in.meter());
    for (int i = 0; i < lines.size(); i++) {
      result.append(i == 0 ? Text.EMPTY : end);
      for (int j = 0; j < lines.get(i).size(); j++) {
        result.append(j == 0 ? Text.EMPTY : end).append(lines.get(i).get(j));
      }
    }
    return result.text();
  }

  private static Value urlEncode(Interpreter in, Value value, Arguments arguments) {
    if (value instanceof Text || !Iteration.isIterable(value)) {
      return quoted(in, value, false);
    }
    var pairs =
        value instanceof Dict dict
            ? dict.entries().entrySet().stream().map(Attributes::pair).toList()
            : in.list(value);
    var result = new TextBuilder(in.meter());
    for (Value pair : pairs) {
      var parts = in.list(pair);
      if (parts.size() != 2) {
        throw new TemplateException("urlencode needs pairs of a key and a value");
      }
      result
          .append(result.length() == 0 ? "" : "&")
          .append(quoted(in, parts.getFirst(), true))
          .append("=")
          .append(quoted(in, parts.getLast(), true));
    }
    return result.text();
  }

  private static Text quoted(Interpreter in, Value value, boolean isQuery) {
    Text text = in.text(value);
    int origin = text.marks().union();
    var result = new TextBuilder(in.meter());
    for (byte b : text.string().getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xff);
      boolean isPlain =
          (c < 0x80 && Character.isLetterOrDigit(c))
              || "_.-~".indexOf(c) >= 0
              || (c == '/' && !isQuery);
      result.append(
          isPlain ? String.valueOf(c) : c == ' ' && isQuery ? "+" : "%%%02X".formatted((int) c),
          origin);
    }
    return result.text();
  }

  private static Value format(Interpreter in, Value value, Arguments arguments) {
    if (!arguments.positional().isEmpty() && !arguments.named().isEmpty()) {
      throw new TemplateException("format takes arguments by position or by name, not both");
    }
    var format = new PercentFormat(in.meter(), in.text(value));
    if (arguments.named().isEmpty()) {
      return format.apply(Seq.tuple(arguments.positional()));
    }
    return format.apply(Conversion.of(arguments.named(), 0));
  }
}
