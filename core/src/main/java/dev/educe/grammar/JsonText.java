package dev.educe.grammar;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/// How JSON is written: the one spelling that is asked of a value, and the rules of values that may
/// be anything.
///
/// Canonical strings escape what they must and as shortly as they can, `\n` rather than a number;
/// numbers are as short as they can be.
///
/// Source: RFC 8259; RFC 8785 for what is canonical.
final class JsonText {
  private static final String SHORT_ESCAPES = "\b\t\n\f\r\"\\";
  private static final String SHORT_LETTERS = "btnfr\"\\";
  private static final CodePoints CONTROLS = CodePoints.range(0, 0x1f);
  private static final CodePoints ESCAPED = CONTROLS.or(CodePoints.anyOf("\"\\"));
  private static final CodePoints BEYOND_ASCII = CodePoints.range(0x80, CodePoints.MAX);

  // What most sets of characters have in common, as rules, so that it is there once.
  private static final Expression.Rule ANY_ESCAPED = new Expression.Rule("escaped");
  private static final Expression.Rule ANY_BEYOND_ASCII = new Expression.Rule("beyond ASCII");
  private static final int PLAIN_DIGITS_MAX = 21; // as JavaScript prints numbers

  private static final Expression QUOTE = Expression.literal("\"");
  private static final Expression HEX = bytes("0123456789abcdefABCDEF");

  /// One character of a string that may be any.
  private static final Expression ANY_CHARACTER =
      Expression.choice(
          Utf8.expression(ESCAPED.negate()),
          Expression.sequence(
              Expression.literal("\\"), Expression.choice(bytes("\"\\/bfnrt"), unit())));

  private final Expression space;
  private final String suffix; // of the names of rules, since spaces make a difference

  /// @param isCompact whether no space stands after `:` and `,`
  JsonText(boolean isCompact) {
    this.suffix = isCompact ? " compact" : "";
    this.space = isCompact ? Expression.EMPTY : Expression.optional(Expression.literal(" "));
  }

  private static Expression bytes(String characters) {
    ByteSet set = ByteSet.EMPTY;
    for (char c : characters.toCharArray()) {
      set = set.or(ByteSet.of(c));
    }
    return new Expression.Bytes(set);
  }

  /// After a backslash: a character by its number, those beyond 16 bits by two numbers.
  private static Expression unit() {
    Expression u = Expression.literal("u");
    Expression high = Expression.sequence(bytes("dD"), bytes("89abAB"), HEX, HEX);
    Expression low = Expression.sequence(bytes("dD"), bytes("cdefCDEF"), HEX, HEX);
    Expression plain =
        Expression.choice(
            Expression.sequence(bytes("0123456789abcefABCEF"), HEX, HEX, HEX),
            Expression.sequence(bytes("dD"), bytes("01234567"), HEX, HEX));
    return Expression.choice(
        Expression.sequence(u, plain),
        Expression.sequence(u, high, Expression.literal("\\u"), low));
  }

  /// One character of a set as it is written within a canonical string; see [#addRules].
  static Expression character(CodePoints set) {
    var options = new ArrayList<Expression>();
    CodePoints raw = set.minus(ESCAPED);
    if (BEYOND_ASCII.minus(raw).isEmpty()) {
      options.add(ANY_BEYOND_ASCII);
      raw = raw.minus(BEYOND_ASCII);
    }
    if (!raw.isEmpty()) {
      options.add(Utf8.expression(raw));
    }
    CodePoints escaped = set.and(ESCAPED);
    if (escaped.equals(ESCAPED)) {
      options.add(ANY_ESCAPED);
    } else if (!escaped.isEmpty()) {
      options.add(escapes(escaped));
    }
    return Expression.choice(options);
  }

  private static Expression escapes(CodePoints set) {
    var texts = new ArrayList<String>();
    for (int[] range : set.ranges()) {
      for (int c = range[0]; c <= range[1]; c++) {
        texts.add(escape(c));
      }
    }
    return Literals.anyOf(texts);
  }

  private static String escape(int c) {
    int index = SHORT_ESCAPES.indexOf(c);
    return index >= 0 ? "\\" + SHORT_LETTERS.charAt(index) : "\\u%04x".formatted(c);
  }

  /// A canonical string, with its quotes.
  static String quote(String text) {
    var quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      quoted.append(ESCAPED.contains(c) ? escape(c) : String.valueOf(c));
    }
    return quoted.append('"').toString();
  }

  /// A number as short as it can be written without an exponent, if it is not very long so.
  static String number(BigDecimal value) {
    BigDecimal shortest = value.stripTrailingZeros();
    boolean isPlain =
        (long) shortest.precision() - shortest.scale() <= PLAIN_DIGITS_MAX
            && shortest.scale() <= 30;
    return isPlain ? shortest.toPlainString() : shortest.toString();
  }

  /// In quotes.
  static Expression quoted(Expression characters) {
    return Expression.sequence(QUOTE, characters, QUOTE);
  }

  /// Any string of so many characters, however it is escaped.
  static Expression string(int min, int max) {
    return quoted(new Expression.Repeat(ANY_CHARACTER, min, max));
  }

  /// A `,` before another item or property.
  Expression comma() {
    return Expression.sequence(Expression.literal(","), space);
  }

  /// What stands before a property's value.
  Expression key(Expression name) {
    return Expression.sequence(name, Expression.literal(":"), space);
  }

  /// Exactly this value.
  Expression constant(JsonNode value) {
    var parts = new ArrayList<Expression>();
    if (value.isArray() || value.isObject()) {
      parts.add(Expression.literal(value.isArray() ? "[" : "{"));
      for (Map.Entry<String, JsonNode> entry : entries(value)) {
        if (parts.size() > 1) {
          parts.add(comma());
        }
        if (value.isObject()) {
          parts.add(key(Expression.literal(quote(entry.getKey()))));
        }
        parts.add(constant(entry.getValue()));
      }
      parts.add(Expression.literal(value.isArray() ? "]" : "}"));
    } else {
      parts.add(Expression.literal(scalar(value)));
    }
    return Expression.sequence(parts);
  }

  /// A value that is neither array nor object, as it is written.
  static String scalar(JsonNode value) {
    if (value.isString()) {
      return quote(value.asString());
    }
    return value.isNumber() ? number(value.decimalValue()) : value.toString();
  }

  private static List<Map.Entry<String, JsonNode>> entries(JsonNode value) {
    if (value.isObject()) {
      return List.copyOf(value.properties());
    }
    var entries = new ArrayList<Map.Entry<String, JsonNode>>();
    value.forEach(item -> entries.add(Map.entry("", item)));
    return entries;
  }

  /// Adds the rules of values of any kind: `value`, `object` and `array`, `string`, `number`,
  /// `integer`; and those of characters.
  void addRules(Map<String, Expression> rules) {
    Expression pair = Expression.sequence(key(rule("string")), rule("value"));
    rules.put(ANY_ESCAPED.name(), escapes(ESCAPED));
    rules.put(ANY_BEYOND_ASCII.name(), Utf8.expression(BEYOND_ASCII));
    rules.put(rule("string").name(), string(0, Expression.UNBOUNDED));
    rules.put(rule("integer").name(), integer());
    rules.put(rule("number").name(), number());
    rules.put(rule("object").name(), list("{", pair, "}", 0, Expression.UNBOUNDED));
    rules.put(rule("array").name(), list("[", rule("value"), "]", 0, Expression.UNBOUNDED));
    rules.put(
        rule("value").name(),
        Expression.choice(
            rule("string"),
            rule("number"),
            rule("object"),
            rule("array"),
            Expression.literal("true"),
            Expression.literal("false"),
            Expression.literal("null")));
  }

  /// The rule of any value of a kind.
  Expression.Rule rule(String kind) {
    return new Expression.Rule(kind + suffix);
  }

  /// So many items with commas between them.
  Expression list(String open, Expression item, String close, int min, int max) {
    return Expression.sequence(
        Expression.literal(open), items(item, min, max), Expression.literal(close));
  }

  private Expression items(Expression item, int min, int max) {
    if (max == 0) {
      return Expression.EMPTY;
    }
    int rest = max == Expression.UNBOUNDED ? max : max - 1;
    Expression more =
        new Expression.Repeat(Expression.sequence(comma(), item), Math.max(min - 1, 0), rest);
    Expression some = Expression.sequence(item, more);
    return min == 0 ? Expression.optional(some) : some;
  }

  private static Expression integer() {
    Expression digits =
        Expression.sequence(bytes("123456789"), Expression.star(bytes("0123456789")));
    return Expression.choice(
        Expression.literal("0"),
        Expression.sequence(Expression.optional(Expression.literal("-")), digits));
  }

  private static Expression number() {
    Expression digit = bytes("0123456789");
    Expression digits = new Expression.Repeat(digit, 1, Expression.UNBOUNDED);
    Expression whole =
        Expression.choice(
            Expression.literal("0"),
            Expression.sequence(bytes("123456789"), Expression.star(digit)));
    // Up to what a double holds.
    Expression exponent =
        Expression.sequence(
            bytes("eE"),
            Expression.optional(bytes("+-")),
            Expression.choice(
                new Expression.Repeat(digit, 1, 2),
                Expression.sequence(bytes("12"), digit, digit)));
    return Expression.sequence(
        Expression.optional(Expression.literal("-")),
        whole,
        Expression.optional(Expression.sequence(Expression.literal("."), digits)),
        Expression.optional(exponent));
  }
}
