package dev.educe.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// Reads grammars in GBNF, the notation of llama.cpp.
///
/// ```
/// root  ::= "yes" | "no" | list      # a comment
/// list  ::= item ("," item){0,3}
/// item  ::= [a-zA-Z_] [^,\n]*
/// end   ::= <|im_end|>               # a token that is never text
/// ```
///
/// Texts and sets know the escapes `\n \r \t \\ \" \[ \] \- \^ \/` and a character's number in two,
/// four or eight hexadecimal digits after `\x`, a backslash with `u`, or `\U`; `.` is any
/// character. After a part stand `*`, `+`, `?`, `{n}`, `{n,}` or `{n,m}`. A rule ends with its
/// line, unless the next line goes on within parentheses or begins with `|`.
///
/// Source: llama.cpp, `grammars/README.md`.
final class Gbnf {
  private static final int TEXT_MAX = 4 << 20;
  private static final int DEPTH_MAX = 200;

  private final String text;
  private final Map<String, Expression> rules = new LinkedHashMap<>();
  private int at;
  private int depth;

  private Gbnf(String text) {
    this.text = text;
  }

  /// The rules by name, in their order.
  ///
  /// @throws GrammarException if the text is wrong, with line and column
  static Map<String, Expression> parse(String text) {
    if (text.length() > TEXT_MAX) {
      throw new GrammarException("the grammar has more than %,d characters".formatted(TEXT_MAX));
    }
    var reader = new Gbnf(text);
    reader.skip(true);
    while (reader.at < text.length()) {
      reader.rule();
    }
    if (!reader.rules.containsKey("root")) {
      throw new GrammarException("the grammar has no rule \"root\", where every text begins");
    }
    return reader.rules;
  }

  private void rule() {
    String name = name();
    skip(false);
    if (!text.startsWith("::=", at)) {
      throw error("expected ::= after the name \"" + name + "\"");
    }
    at += 3;
    skip(true);
    Expression body = alternatives(false);
    if (at < text.length() && text.charAt(at) != '\n' && text.charAt(at) != '\r') {
      throw error("expected the end of the rule \"" + name + "\"");
    }
    if (rules.put(name, body) != null) {
      throw error("the rule \"" + name + "\" is defined twice");
    }
    skip(true);
  }

  private String name() {
    int from = at;
    while (at < text.length() && isWord(text.charAt(at))) {
      at++;
    }
    if (at == from) {
      throw error("expected the name of a rule");
    }
    return text.substring(from, at);
  }

  private static boolean isWord(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || c == '-'
        || c == '_';
  }

  private Expression alternatives(boolean isNested) {
    if (++depth > DEPTH_MAX) {
      throw error("parentheses are nested more than " + DEPTH_MAX + " deep");
    }
    var options = new ArrayList<Expression>();
    options.add(sequence(isNested));
    while (at < text.length() && text.charAt(at) == '|') {
      at++;
      skip(true);
      options.add(sequence(isNested));
    }
    depth--;
    return Expression.choice(options);
  }

  private Expression sequence(boolean isNested) {
    var parts = new ArrayList<Expression>();
    while (at < text.length()) {
      Expression part = part();
      if (part == null) {
        break;
      }
      skip(isNested);
      parts.add(repeated(part, isNested));
    }
    if (!isNested) {
      continueAtBar();
    }
    return Expression.sequence(parts);
  }

  /// A line that begins with a bar goes on with the rule before it.
  private void continueAtBar() {
    int end = at;
    skip(true);
    if (at >= text.length() || text.charAt(at) != '|') {
      at = end;
    }
  }

  /// The next part of a sequence, or null where none begins.
  private Expression part() {
    char c = text.charAt(at);
    if (c == '"') {
      return literal();
    }
    if (c == '[') {
      return Utf8.expression(set());
    }
    if (c == '(') {
      at++;
      skip(true);
      Expression inner = alternatives(true);
      expect(')');
      return inner;
    }
    if (c == '.') {
      at++;
      return Utf8.expression(CodePoints.ALL);
    }
    if (c == '<') {
      return token();
    }
    return isWord(c) ? new Expression.Rule(name()) : null;
  }

  private Expression literal() {
    var spelled = new StringBuilder();
    at++;
    while (at < text.length() && text.charAt(at) != '"') {
      spelled.appendCodePoint(character());
    }
    expect('"');
    return Expression.literal(spelled.toString());
  }

  private CodePoints set() {
    at++;
    boolean isNegated = at < text.length() && text.charAt(at) == '^';
    at += isNegated ? 1 : 0;
    var ranges = new ArrayList<int[]>();
    while (at < text.length() && text.charAt(at) != ']') {
      int low = character();
      int high = low;
      boolean isRange =
          at + 1 < text.length() && text.charAt(at) == '-' && text.charAt(at + 1) != ']';
      if (isRange) {
        at++;
        high = character();
        if (high < low) {
          throw error("the range in [ ] runs backwards");
        }
      }
      ranges.add(new int[] {low, high});
    }
    expect(']');
    CodePoints set = CodePoints.union(ranges);
    return isNegated ? set.negate() : set;
  }

  private Expression token() {
    int close = text.indexOf('>', at);
    int line = text.indexOf('\n', at);
    if (close < 0 || line >= 0 && line < close) {
      throw error("a token's name must end with > on its line");
    }
    String piece = text.substring(at, close + 1);
    at = close + 1;
    return TokenTrie.specialExpression(piece);
  }

  private int character() {
    int c = text.codePointAt(at);
    at += Character.charCount(c);
    if (c != '\\') {
      return c;
    }
    if (at >= text.length()) {
      throw error("the text ends within an escape");
    }
    char escape = text.charAt(at++);
    return switch (escape) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case '\\', '"', '[', ']', '-', '^', '/' -> escape;
      case 'x' -> hex(2);
      case 'u' -> hex(4);
      case 'U' -> hex(8);
      default -> throw error("unknown escape \\" + escape);
    };
  }

  private int hex(int digits) {
    long value = 0;
    for (int i = 0; i < digits; i++) {
      int digit = at < text.length() ? Character.digit(text.charAt(at), 16) : -1;
      if (digit < 0) {
        throw error("expected " + digits + " hexadecimal digits");
      }
      value = value << 4 | digit;
      at++;
    }
    if (value > CodePoints.MAX) {
      throw error("there is no such character");
    }
    return (int) value;
  }

  private Expression repeated(Expression part, boolean isNested) {
    Expression result = part;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '*') {
        result = Expression.star(result);
        at++;
      } else if (c == '+') {
        result = new Expression.Repeat(result, 1, Expression.UNBOUNDED);
        at++;
      } else if (c == '?') {
        result = Expression.optional(result);
        at++;
      } else if (c == '{') {
        result = counted(result);
      } else {
        break;
      }
      skip(isNested);
    }
    return result;
  }

  private Expression counted(Expression part) {
    at++;
    skip(false);
    int min = at < text.length() && text.charAt(at) == ',' ? 0 : number();
    int max = min;
    skip(false);
    if (at < text.length() && text.charAt(at) == ',') {
      at++;
      skip(false);
      boolean isOpen = at < text.length() && text.charAt(at) == '}';
      max = isOpen ? Expression.UNBOUNDED : number();
      skip(false);
    }
    expect('}');
    if (max < min) {
      throw error("the numbers in { } run backwards");
    }
    return new Expression.Repeat(part, min, max);
  }

  private int number() {
    int from = at;
    long value = 0;
    while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
      value = Math.min(value * 10 + text.charAt(at++) - '0', Expression.UNBOUNDED);
    }
    if (at == from) {
      throw error("expected a number");
    }
    if (value == Expression.UNBOUNDED) {
      throw error("the number is too large");
    }
    return (int) value;
  }

  private void expect(char wanted) {
    if (at >= text.length() || text.charAt(at) != wanted) {
      throw error("expected " + wanted);
    }
    at++;
  }

  /// Passes spaces and comments, and ends of lines where they mean nothing.
  private void skip(boolean lines) {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '#') {
        int line = text.indexOf('\n', at);
        at = line < 0 ? text.length() : line;
      } else if (c == ' ' || c == '\t' || lines && (c == '\n' || c == '\r')) {
        at++;
      } else {
        return;
      }
    }
  }

  private GrammarException error(String problem) {
    int line = 1 + (int) text.substring(0, at).chars().filter(c -> c == '\n').count();
    int column = at - text.lastIndexOf('\n', at - 1);
    return new GrammarException("grammar, line %d, column %d: %s".formatted(line, column, problem));
  }
}
