package dev.educe.grammar;

import java.util.ArrayList;
import java.util.List;

/// Reads regular expressions as JSON schemas use them.
///
/// The syntax is that of ECMA-262 with its `u` flag, taken as leniently as without it: sets, `\d \w
/// \s` and their opposites, `\p{…}` by category, script or binary property, groups, `|`,
/// quantifiers greedy and lazy, and anchors. What looks around or back, and flags, are refused.
///
/// Source: ECMA-262, section 22.2.1.
final class RegexReader {
  private static final int TEXT_MAX = 100_000;
  private static final int DEPTH_MAX = 200;
  private static final int COUNT_MAX = 1_000_000_000;

  private static final CodePoints LINE_ENDS = CodePoints.anyOf("\n\r\u2028\u2029");

  private final String text;
  private int at;
  private int depth;

  RegexReader(String text) {
    this.text = text;
  }

  /// @throws GrammarException if the text is wrong or cannot be held, with the position
  Regex read() {
    if (text.length() > TEXT_MAX) {
      throw error("it has more than %,d characters".formatted(TEXT_MAX));
    }
    Regex regex = alternatives();
    if (at < text.length()) {
      throw error("there is no ( for this )");
    }
    return regex;
  }

  private Regex alternatives() {
    if (++depth > DEPTH_MAX) {
      throw error("parentheses are nested more than " + DEPTH_MAX + " deep");
    }
    var options = new ArrayList<Regex>();
    options.add(sequence());
    while (passes('|')) {
      options.add(sequence());
    }
    depth--;
    return options.size() == 1 ? options.getFirst() : new Regex.Choice(List.copyOf(options));
  }

  private Regex sequence() {
    var parts = new ArrayList<Regex>();
    while (at < text.length() && peek() != '|' && peek() != ')') {
      boolean isAnchor = peek() == '^' || peek() == '$';
      Regex part = part();
      parts.add(isAnchor ? part : repeated(part));
    }
    return parts.size() == 1 ? parts.getFirst() : new Regex.Sequence(List.copyOf(parts));
  }

  private Regex part() {
    int from = at;
    int c = next();
    return switch (c) {
      case '(' -> group(from);
      case '[' -> new Regex.Characters(set(from));
      case '.' -> new Regex.Characters(LINE_ENDS.negate());
      case '^' -> new Regex.Anchor(false);
      case '$' -> new Regex.Anchor(true);
      case '\\' -> new Regex.Characters(escape(from, false));
      case '*', '+', '?' -> {
        at = from;
        throw error("there is nothing that %c could repeat".formatted(c));
      }
      default -> {
        int end = at;
        at = from;
        if (c == '{' && counts()) {
          throw error("there is nothing that {} could repeat");
        }
        at = end;
        yield new Regex.Characters(CodePoints.of(scalar(c, from)));
      }
    };
  }

  private int scalar(int c, int from) {
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      at = from;
      throw error("half a surrogate pair is no character");
    }
    return c;
  }

  private Regex group(int from) {
    if (passes('?')) {
      if (text.startsWith("<", at) && !text.startsWith("<=", at) && !text.startsWith("<!", at)) {
        int end = text.indexOf('>', at);
        if (end < 0) {
          throw error("the group's name does not end");
        }
        at = end + 1;
      } else if (!passes(':')) {
        boolean isLook = at < text.length() && "=!<".indexOf(peek()) >= 0;
        at = from;
        throw error(
            isLook
                ? "looking ahead or behind is not supported; say what the text is instead"
                : "flags are not supported in a group");
      }
    }
    Regex inner = alternatives();
    if (!passes(')')) {
      at = from;
      throw error("this ( is never closed");
    }
    return inner;
  }

  private Regex repeated(Regex part) {
    if (at >= text.length()) {
      return part;
    }
    int min;
    int max = Expression.UNBOUNDED;
    switch (peek()) {
      case '*' -> min = 0;
      case '+' -> min = 1;
      case '?' -> {
        min = 0;
        max = 1;
      }
      default -> {
        if (peek() != '{' || !counts()) {
          return part;
        }
        at++;
        min = count();
        max = min;
        if (passes(',')) {
          max = peek() == '}' ? Expression.UNBOUNDED : count();
        }
        if (max < min) {
          throw error("the numbers in { } run backwards");
        }
      }
    }
    at++;
    passes('?'); // lazy: the texts are the same
    return new Regex.Repeat(part, min, max);
  }

  /// Whether a count in braces begins here; what only looks like it is text.
  private boolean counts() {
    int i = at + 1;
    int digits = i;
    while (i < text.length() && isDigit(text.charAt(i))) {
      i++;
    }
    if (i == digits) {
      return false;
    }
    if (i < text.length() && text.charAt(i) == ',') {
      i++;
      while (i < text.length() && isDigit(text.charAt(i))) {
        i++;
      }
    }
    return i < text.length() && text.charAt(i) == '}';
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private int count() {
    long value = 0;
    while (isDigit(text.charAt(at))) {
      value = value * 10 + text.charAt(at) - '0';
      if (value > COUNT_MAX) {
        throw error("it repeats more than %,d times".formatted(COUNT_MAX));
      }
      at++;
    }
    return (int) value;
  }

  /// The set after a `[`.
  private CodePoints set(int from) {
    boolean isNegated = passes('^');
    var ranges = new ArrayList<int[]>();
    while (true) {
      if (at >= text.length()) {
        at = from;
        throw error("this [ is never closed");
      }
      if (passes(']')) {
        break;
      }
      CodePoints low = member();
      boolean isRange = text.startsWith("-", at) && !text.startsWith("-]", at);
      if (!isRange) {
        ranges.addAll(low.ranges());
        continue;
      }
      int dash = at++;
      if (at >= text.length()) {
        continue;
      }
      CodePoints high = member();
      if (!low.isSingle() || !high.isSingle()) {
        ranges.addAll(low.ranges());
        ranges.addAll(high.ranges());
        ranges.add(new int[] {'-', '-'});
      } else if (high.first() < low.first()) {
        at = dash;
        throw error("the range in [ ] runs backwards");
      } else {
        ranges.add(new int[] {low.first(), high.first()});
      }
    }
    CodePoints set = CodePoints.union(ranges);
    return isNegated ? set.negate() : set;
  }

  private CodePoints member() {
    int from = at;
    int c = next();
    return c == '\\' ? escape(from, true) : CodePoints.of(scalar(c, from));
  }

  /// What stands after a backslash.
  private CodePoints escape(int from, boolean isInSet) {
    if (at >= text.length()) {
      throw error("the text ends within an escape");
    }
    int c = next();
    return switch (c) {
      case 'd' -> CharacterClasses.DIGIT;
      case 'D' -> CharacterClasses.DIGIT.negate();
      case 'w' -> CharacterClasses.WORD;
      case 'W' -> CharacterClasses.WORD.negate();
      case 's' -> CharacterClasses.SPACE;
      case 'S' -> CharacterClasses.SPACE.negate();
      case 'p', 'P' -> property(from, c == 'P');
      case 't' -> CodePoints.of('\t');
      case 'n' -> CodePoints.of('\n');
      case 'v' -> CodePoints.of(0x0b);
      case 'f' -> CodePoints.of('\f');
      case 'r' -> CodePoints.of('\r');
      case 'x' -> CodePoints.of(hex(2, from));
      case 'u' -> CodePoints.of(unicode(from));
      case 'c' -> control(from);
      default -> plain(c, from, isInSet);
    };
  }

  private CodePoints plain(int c, int from, boolean isInSet) {
    if (c == 'b' && isInSet) {
      return CodePoints.of('\b');
    }
    if (c == '0' && (at >= text.length() || !isDigit(text.charAt(at)))) {
      return CodePoints.of(0);
    }
    if (c < 0x80 && Character.isLetterOrDigit(c)) {
      at = from;
      throw error(
          switch (c) {
            case 'b', 'B' -> "\\%c looks at both sides, which is not supported".formatted(c);
            case 'k', '1', '2', '3', '4', '5', '6', '7', '8', '9' ->
                "references back to a group are not supported";
            default -> "there is no escape \\%c".formatted(c);
          });
    }
    return CodePoints.of(scalar(c, from));
  }

  private CodePoints control(int from) {
    char c = at < text.length() ? text.charAt(at++) : 0;
    if (c > 'z' || !Character.isLetter(c)) {
      at = from;
      throw error("\\c takes a letter from A to Z");
    }
    return CodePoints.of(c % 32);
  }

  private CodePoints property(int from, boolean isNegated) {
    int end = text.indexOf('}', at);
    if (!text.startsWith("{", at) || end < 0) {
      at = from;
      throw error("\\p takes the name of a property in { }");
    }
    String name = text.substring(at + 1, end);
    at = end + 1;
    CodePoints set =
        CharacterClasses.property(name)
            .orElseThrow(() -> {
              at = from;
              return error("there is no property \"" + name + "\"");
            });
    return isNegated ? set.negate() : set;
  }

  private int unicode(int from) {
    if (passes('{')) {
      int end = text.indexOf('}', at);
      int digits = end - at;
      if (digits < 1 || digits > 8) {
        at = from;
        throw error("expected hexadecimal digits in \\u{ }");
      }
      int value = hex(digits, from);
      at++;
      return scalar(value, from);
    }
    int value = hex(4, from);
    if (Character.isHighSurrogate((char) value) && text.startsWith("\\u", at)) {
      at += 2;
      int low = hex(4, from);
      if (Character.isLowSurrogate((char) low)) {
        return Character.toCodePoint((char) value, (char) low);
      }
    }
    return scalar(value, from);
  }

  private int hex(int digits, int from) {
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        at = from;
        throw error("expected " + digits + " hexadecimal digits");
      }
      value = value << 4 | digit;
      at++;
    }
    if (value > CodePoints.MAX) {
      at = from;
      throw error("there is no such character");
    }
    return (int) value;
  }

  private char peek() {
    return text.charAt(at);
  }

  private int next() {
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    return c;
  }

  private boolean passes(char c) {
    boolean isThere = at < text.length() && text.charAt(at) == c;
    at += isThere ? 1 : 0;
    return isThere;
  }

  private GrammarException error(String problem) {
    return new GrammarException(
        "regular expression, character %d: %s".formatted(Math.min(at, text.length()) + 1, problem));
  }
}
