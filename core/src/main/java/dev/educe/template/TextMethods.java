package dev.educe.template;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// The methods of Python's `str`.
final class TextMethods {
  /// What a method does with the string that it belongs to.
  @FunctionalInterface
  private interface Method {
    Value call(Interpreter interpreter, Text self, Arguments arguments);
  }

  /// Methods that look for their first argument, which goes by position only.
  private static final Set<String> SEARCHES =
      Set.of("find", "rfind", "index", "rindex", "count", "partition", "rpartition");

  private static final Map<String, Method> ALL = new HashMap<>();

  static {
    changed("lower", Casing::lower);
    changed("upper", Casing::upper);
    changed("capitalize", Casing::capitalized);
    changed("title", Casing::title);
    changed("swapcase", Casing::swapped);
    changed("casefold", text -> Casing.lower(Casing.upper(text)));
    is("islower", Casing::isLower);
    is("isupper", Casing::isUpper);
    is("istitle", Casing::isTitle);
    isAll("isspace", Characters::isSpace);
    isAll("isalpha", Character::isLetter);
    isAll("isalnum", c -> Character.isLetter(c) || Characters.isNumeric(c));
    isAll("isdecimal", c -> Character.getType(c) == Character.DECIMAL_DIGIT_NUMBER);
    isAll("isdigit", TextMethods::isDigit);
    isAll("isnumeric", Characters::isNumeric);
    is("isascii", text -> text.chars().allMatch(c -> c < 0x80));
    is("isprintable", text -> text.codePoints().allMatch(Characters::isPrintable));
    is("isidentifier", TextMethods::isIdentifier);
    ALL.put("strip", (_, self, a) -> strip("strip()", self, a, true, true));
    ALL.put("lstrip", (_, self, a) -> strip("lstrip()", self, a, true, false));
    ALL.put("rstrip", (_, self, a) -> strip("rstrip()", self, a, false, true));
    ALL.put("split", (in, self, a) -> split(in, self, a, false));
    ALL.put("rsplit", (in, self, a) -> split(in, self, a, true));
    ALL.put("splitlines", TextMethods::splitLines);
    ALL.put("partition", (_, self, a) -> partition(self, a, false));
    ALL.put("rpartition", (_, self, a) -> partition(self, a, true));
    ALL.put("startswith", (in, self, a) -> Bool.of(hasEnd(in, self, a, true)));
    ALL.put("endswith", (in, self, a) -> Bool.of(hasEnd(in, self, a, false)));
    ALL.put("removeprefix", TextMethods::removePrefix);
    ALL.put("removesuffix", TextMethods::removeSuffix);
    ALL.put("find", (_, self, a) -> Int.of(find("find()", self, a, false)));
    ALL.put("rfind", (_, self, a) -> Int.of(find("rfind()", self, a, true)));
    ALL.put("index", (_, self, a) -> index(find("index()", self, a, false)));
    ALL.put("rindex", (_, self, a) -> index(find("rindex()", self, a, true)));
    ALL.put("count", (_, self, a) -> Int.of(count(self, a)));
    ALL.put("replace", TextMethods::replace);
    ALL.put("join", TextMethods::join);
    ALL.put("center", (in, self, a) -> padded(in, self, a, "center()", 0.5));
    ALL.put("ljust", (in, self, a) -> padded(in, self, a, "ljust()", 0));
    ALL.put("rjust", (in, self, a) -> padded(in, self, a, "rjust()", 1));
    ALL.put("zfill", TextMethods::zeroFilled);
    ALL.put("expandtabs", TextMethods::expandTabs);
    ALL.put("format", (in, self, a) -> new BraceFormat(in, a).format(self));
    ALL.put("format_map", (in, self, a) -> new BraceFormat(in, mapping(a)).format(self));
    for (String bytes : List.of("encode", "translate", "maketrans")) {
      ALL.put(bytes, (_, _, _) -> refuse(bytes));
    }
  }

  private TextMethods() {}

  /// @return null if there is no method of this name
  static Value find(Text self, String name) {
    var method = ALL.get(name);
    return method == null
        ? null
        : new Function(
            name,
            (in, arguments) -> {
              int length = self.string().length();
              in.meter().copy(length);
              if (SEARCHES.contains(name)) {
                Value part = arguments.onlyPositional(name).positional().getFirst();
                in.meter().search(length, part instanceof Text text ? text.string().length() : 0);
              }
              return method.call(in, self, arguments);
            });
  }

  private static void changed(String name, UnaryOperator<String> change) {
    ALL.put(
        name,
        (in, self, a) -> {
          a.bind(name + "()", 0);
          in.meter().copy(4L * self.string().length());
          return self.withString(change.apply(self.string()));
        });
  }

  private static void is(String name, Predicate<String> test) {
    ALL.put(
        name,
        (_, self, a) -> {
          a.bind(name + "()", 0);
          return Bool.of(test.test(self.string()));
        });
  }

  private static void isAll(String name, IntPredicate test) {
    is(name, text -> !text.isEmpty() && text.codePoints().allMatch(test));
  }

  private static Value refuse(String name) {
    throw new TemplateException("the method " + name + "() is not there in templates");
  }

  private static boolean isDigit(int c) {
    int value = Character.getNumericValue(c);
    return Character.isDigit(c)
        || (Character.getType(c) == Character.OTHER_NUMBER && value >= 0 && value <= 9);
  }

  private static boolean isIdentifier(String text) {
    return !text.isEmpty()
        && (text.charAt(0) == '_' || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
        && text.codePoints().allMatch(Characters::isWord);
  }

  private static Arguments mapping(Arguments arguments) {
    if (!(arguments.bind("format_map()", 1, "mapping").value("mapping") instanceof Dict dict)) {
      throw new TemplateException("format_map() needs a dict");
    }
    var named = new HashMap<String, Value>();
    dict.entries().forEach((key, value) -> named.put(key.toString(), value));
    return new Arguments(List.of(), named);
  }

  private static Text strip(
      String name, Text self, Arguments arguments, boolean atStart, boolean atEnd) {
    var bound = arguments.bind(name, 0, "chars");
    return stripped(
        self, bound.value("chars") == None.NONE ? null : bound.text("chars"), atStart, atEnd);
  }

  /// Without these characters at its ends; without spaces if `characters` is null.
  static Text stripped(Text self, Text characters, boolean atStart, boolean atEnd) {
    String text = self.string();
    IntPredicate goes =
        characters == null ? Characters::isSpace : c -> characters.string().indexOf(c) >= 0;
    int from = 0;
    int to = text.length();
    while (atStart && from < to && goes.test(text.codePointAt(from))) {
      from += Character.charCount(text.codePointAt(from));
    }
    while (atEnd && from < to && goes.test(text.codePointBefore(to))) {
      to -= Character.charCount(text.codePointBefore(to));
    }
    return self.units(from, to);
  }

  private static Value split(Interpreter in, Text self, Arguments arguments, boolean fromEnd) {
    var bound = arguments.bind("split()", 0, "sep", "maxsplit");
    int splits = bound.number("maxsplit", -1);
    var splitter = new Splitter(in.meter(), self, splits < 0 ? Integer.MAX_VALUE : splits);
    if (bound.value("sep") == None.NONE) {
      return Seq.list(fromEnd ? splitter.wordsFromEnd() : splitter.words());
    }
    String separator = nonEmpty(bound.text("sep"));
    return Seq.list(fromEnd ? splitter.partsFromEnd(separator) : splitter.parts(separator));
  }

  private static String nonEmpty(Text separator) {
    if (separator.string().isEmpty()) {
      throw new TemplateException("a separator is empty");
    }
    return separator.string();
  }

  private static Value splitLines(Interpreter in, Text self, Arguments arguments) {
    boolean keepsEnds = arguments.bind("splitlines()", 0, "keepends").isTrue("keepends", false);
    return Seq.list(new Splitter(in.meter(), self, 0).lines(keepsEnds));
  }

  private static Value partition(Text self, Arguments arguments, boolean fromEnd) {
    String separator = nonEmpty(arguments.bind("partition()", 1, "sep").text("sep"));
    String text = self.string();
    int at = fromEnd ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return fromEnd
          ? Seq.tuple(Text.EMPTY, Text.EMPTY, self)
          : Seq.tuple(self, Text.EMPTY, Text.EMPTY);
    }
    int after = at + separator.length();
    return Seq.tuple(self.units(0, at), self.units(at, after), self.units(after, text.length()));
  }

  /// The part that `start` and `end` name, as many methods take them.
  ///
  /// @param from in UTF-16 units
  /// @param to in UTF-16 units; below `from` if the part ends before it begins
  private record Part(int from, int to) {
    static Part of(Text self, Arguments.Bound bound) {
      if (!bound.has("start") && !bound.has("end")) {
        return new Part(0, self.string().length());
      }
      int length = self.length();
      int start = bound.numberOrNone("start", 0);
      int end = bound.numberOrNone("end", length);
      start = start < 0 ? Math.max(0, start + length) : start;
      end = end < 0 ? Math.max(0, end + length) : Math.min(end, length);
      return start > end ? new Part(1, 0) : new Part(self.unit(start), self.unit(end));
    }

    boolean isNothing() {
      return to < from;
    }
  }

  private static boolean hasEnd(Interpreter in, Text self, Arguments arguments, boolean isStart) {
    String name = isStart ? "startswith()" : "endswith()";
    var bound = arguments.bind(name, 1, "affix", "start", "end");
    var part = Part.of(self, bound);
    var affixes =
        bound.value("affix") instanceof Seq seq && seq.isTuple()
            ? seq.items()
            : List.<Value>of(bound.text("affix"));
    for (Value affix : affixes) {
      in.meter().spend(1);
      if (!(affix instanceof Text wanted)) {
        throw new TemplateException(name + " needs strings, not " + Messages.shown(affix));
      }
      int length = wanted.string().length();
      if (!part.isNothing()
          && length <= part.to() - part.from()
          && self.string()
              .startsWith(wanted.string(), isStart ? part.from() : part.to() - length)) {
        return true;
      }
    }
    return false;
  }

  private static Value removePrefix(Interpreter in, Text self, Arguments arguments) {
    String prefix = arguments.bind("removeprefix()", 1, "prefix").text("prefix").string();
    return self.string().startsWith(prefix)
        ? self.units(prefix.length(), self.string().length())
        : self;
  }

  private static Value removeSuffix(Interpreter in, Text self, Arguments arguments) {
    String suffix = arguments.bind("removesuffix()", 1, "suffix").text("suffix").string();
    return self.string().endsWith(suffix)
        ? self.units(0, self.string().length() - suffix.length())
        : self;
  }

  private static int find(String name, Text self, Arguments arguments, boolean fromEnd) {
    var bound = arguments.bind(name, 1, "sub", "start", "end");
    var part = Part.of(self, bound);
    String wanted = bound.text("sub").string();
    if (part.isNothing()) {
      return -1;
    }
    String text = self.string().substring(part.from(), part.to());
    int at = fromEnd ? text.lastIndexOf(wanted) : text.indexOf(wanted);
    return at < 0 ? -1 : self.index(part.from() + at);
  }

  private static Value index(int found) {
    if (found < 0) {
      throw new TemplateException("index() does not find the substring");
    }
    return Int.of(found);
  }

  private static int count(Text self, Arguments arguments) {
    var bound = arguments.bind("count()", 1, "sub", "start", "end");
    var part = Part.of(self, bound);
    String wanted = bound.text("sub").string();
    if (part.isNothing()) {
      return 0;
    }
    String text = self.string().substring(part.from(), part.to());
    if (wanted.isEmpty()) {
      return text.codePointCount(0, text.length()) + 1;
    }
    int count = 0;
    for (int at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length())) {
      count++;
    }
    return count;
  }

  private static Value replace(Interpreter in, Text self, Arguments arguments) {
    var bound = arguments.bind("replace()", 2, "old", "new", "count");
    return replaced(
        in.meter(), self, bound.text("old").string(), bound.text("new"), bound.number("count", -1));
  }

  /// With at most so many replacements, or all if `count` is negative.
  static Text replaced(Meter meter, Text self, String old, Text replacement, int count) {
    String text = self.string();
    meter.search(text.length(), old.length());
    var result = new TextBuilder(meter);
    int left = count < 0 ? Integer.MAX_VALUE : count;
    int from = 0;
    int at = text.indexOf(old);
    while (at >= 0 && left-- > 0) {
      meter.spend(1);
      result.append(self, from, at).append(replacement);
      from = at + old.length();
      if (!old.isEmpty()) {
        at = text.indexOf(old, from);
      } else {
        at = at < text.length() ? at + Character.charCount(text.codePointAt(at)) : -1;
      }
    }
    return result.append(self, from, text.length()).text();
  }

  private static Value join(Interpreter in, Text self, Arguments arguments) {
    var result = new TextBuilder(in.meter());
    Text separator = Text.EMPTY;
    for (Value item : in.list(arguments.bind("join()", 1, "iterable").value("iterable"))) {
      if (!(item instanceof Text text)) {
        throw new TemplateException("join() needs strings, not a value of type " + item.typeName());
      }
      in.meter().spend(1);
      result.append(separator).append(text);
      separator = self;
    }
    return result.text();
  }

  /// @param before the share of the padding that stands before the text
  private static Value padded(
      Interpreter in, Text self, Arguments arguments, String name, double before) {
    var bound = arguments.bind(name, 1, "width", "fillchar");
    Text fill = bound.text("fillchar", " ");
    if (fill.length() != 1) {
      throw new TemplateException(name + " needs one character to fill with");
    }
    int width = bound.number("width", 0);
    int padding = Math.max(0, width - self.length());
    // Where it cannot be halved, Python's centre is on the left of an even width.
    int left = before == 0.5 ? padding / 2 + (padding & width & 1) : (int) (padding * before);
    return new TextBuilder(in.meter())
        .repeat(fill, left)
        .append(self)
        .repeat(fill, padding - left)
        .text();
  }

  /// Centred among spaces.
  static Value centered(Interpreter in, Text self, Value width) {
    return padded(in, self, Arguments.of(width), "center()", 0.5);
  }

  private static Value zeroFilled(Interpreter in, Text self, Arguments arguments) {
    int width = arguments.bind("zfill()", 1, "width").number("width", 0);
    int sign = self.string().startsWith("-") || self.string().startsWith("+") ? 1 : 0;
    return new TextBuilder(in.meter())
        .append(self, 0, sign)
        .repeat(Text.of("0"), Math.max(0, width - self.length()))
        .append(self, sign, self.string().length())
        .text();
  }

  private static Value expandTabs(Interpreter in, Text self, Arguments arguments) {
    int size = arguments.bind("expandtabs()", 0, "tabsize").number("tabsize", 8);
    var result = new TextBuilder(in.meter());
    int column = 0;
    for (var characters = Iteration.iterator(self); characters.hasNext(); ) {
      Text character = (Text) characters.next();
      switch (character.string()) {
        case "\t" -> {
          int spaces = size > 0 ? size - column % size : 0;
          result.repeat(Text.of(" "), spaces);
          column += spaces;
        }
        case "\n", "\r" -> {
          result.append(character);
          column = 0;
        }
        default -> {
          result.append(character);
          column++;
        }
      }
    }
    return result.text();
  }
}
