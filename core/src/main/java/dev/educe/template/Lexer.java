package dev.educe.template;

import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts a template's source into tokens, with jinja2's rules of white space: `trim_blocks` and
/// `lstrip_blocks` are on, `-` and `+` beside a tag's percent sign do what they do there, line ends
/// become `\n`, and the last one is dropped. Reads the source once.
final class Lexer {
  private static final List<String> OPERATORS =
      List.of(
          "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",");

  // Possessive, so that no digits are tried twice.
  private static final Pattern REAL =
      Pattern.compile(
          "\\d++(?:_\\d++)*+(?:(?:\\.\\d++(?:_\\d++)*+)?[eE][+-]?\\d++(?:_\\d++)*+"
              + "|\\.\\d++(?:_\\d++)*+)");
  private static final Pattern INTEGER =
      Pattern.compile(
          "0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0[xX](?:_?[0-9a-fA-F])++"
              + "|[1-9](?:_?\\d)*+|0(?:_?0)*+");
  private static final Pattern RAW =
      Pattern.compile("\\{%([-+]?)\\s*+raw\\s*+(-?)%\\}", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*+endraw\\s*+([-+]?)%\\}", Pattern.UNICODE_CHARACTER_CLASS);

  private static final int DIGITS_MAX = 4_300;

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<Character> brackets = new ArrayDeque<>();
  private int position;
  private int line = 1;
  private int countedTo;
  private boolean isLineStart = true;

  private Lexer(String source) {
    this.source = source;
  }

  /// @throws TemplateException if it cannot be cut into tokens
  static List<Token> tokens(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    var lexer = new Lexer(lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines);
    lexer.root();
    lexer.add(Token.Kind.END, "");
    return lexer.tokens;
  }

  private void root() {
    while (position < source.length()) {
      int tag = tagFrom(position);
      if (tag < 0) {
        data(position, source.length());
        position = source.length();
        return;
      }
      switch (source.charAt(tag + 1)) {
        case '{' -> {
          int after = textBefore(tag, false, sign(tag + 2));
          moveTo(tag);
          add(Token.Kind.VARIABLE_BEGIN, "{{");
          moveTo(after);
          tag(true);
        }
        case '#' -> comment(tag);
        default -> {
          var raw = RAW.matcher(source).region(tag, source.length());
          if (raw.lookingAt()) {
            raw(tag, raw);
          } else {
            int after = textBefore(tag, true, sign(tag + 2));
            moveTo(tag);
            add(Token.Kind.BLOCK_BEGIN, "{%");
            moveTo(after);
            tag(false);
          }
        }
      }
    }
  }

  private int tagFrom(int from) {
    for (int i = source.indexOf('{', from);
        i >= 0 && i + 1 < source.length();
        i = source.indexOf('{', i + 1)) {
      char next = source.charAt(i + 1);
      if (next == '{' || next == '%' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  /// The sign at a place: `-`, `+`, or a space for none.
  private char sign(int at) {
    char c = at < source.length() ? source.charAt(at) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  /// Adds the text before a tag, as the tag's beginning leaves it.
  ///
  /// @return where the tag goes on after its sign
  private int textBefore(int tag, boolean strips, char sign) {
    int end = tag;
    if (sign == '-') {
      end = Characters.stripEnd(source, position, tag);
    } else if (sign == ' ' && strips) {
      int lineStart = tag;
      while (lineStart > position && source.charAt(lineStart - 1) != '\n') {
        lineStart--;
      }
      boolean isOwnLine = lineStart > position || isLineStart;
      if (isOwnLine && Characters.stripEnd(source, lineStart, tag) == lineStart) {
        end = lineStart;
      }
    }
    data(position, end);
    return tag + 2 + (sign == ' ' ? 0 : 1);
  }

  private void data(int from, int to) {
    if (from < to) {
      moveTo(from);
      add(Token.Kind.DATA, source.substring(from, to));
    }
  }

  /// Goes on behind a tag of which the closing delimiter ends at `end`.
  private void endTag(int end, char sign, boolean trims) {
    int next = end;
    if (sign == '-') {
      while (next < source.length() && Characters.isSpace(source.charAt(next))) {
        next++;
      }
    } else if (sign == ' ' && trims && next < source.length() && source.charAt(next) == '\n') {
      next++;
    }
    moveTo(next);
    isLineStart = source.charAt(next - 1) == '\n';
  }

  private void comment(int tag) {
    int after = textBefore(tag, true, sign(tag + 2));
    moveTo(tag);
    int end = source.indexOf("#}", after);
    if (end < 0) {
      throw new TemplateException("a comment is not closed; end it with #}", line);
    }
    endTag(end + 2, end > after ? sign(end - 1) : ' ', true);
  }

  private void raw(int tag, Matcher begin) {
    textBefore(tag, true, begin.group(1).isEmpty() ? ' ' : begin.group(1).charAt(0));
    moveTo(tag);
    int startLine = line;
    endTag(begin.end(), begin.group(2).isEmpty() ? '+' : '-', false);
    for (int at = source.indexOf("{%", position); at >= 0; at = source.indexOf("{%", at + 1)) {
      var end = END_RAW.matcher(source).region(at, source.length());
      if (end.lookingAt()) {
        textBefore(at, true, end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0));
        endTag(end.end(), end.group(2).isEmpty() ? ' ' : end.group(2).charAt(0), true);
        return;
      }
    }
    throw new TemplateException("a raw block is not closed; end it with {% endraw %}", startLine);
  }

  /// Reads what is within a tag, and its end.
  private void tag(boolean isVariable) {
    brackets.clear();
    while (position < source.length()) {
      char c = source.charAt(position);
      if (Characters.isSpace(c)) {
        position++;
        continue;
      }
      moveTo(position);
      if (brackets.isEmpty() && isTagEnd(isVariable)) {
        return;
      }
      token();
    }
    moveTo(position); // the parser says what is missing
  }

  private boolean isTagEnd(boolean isVariable) {
    String close = isVariable ? "}}" : "%}";
    char sign = sign(position);
    int at = sign == '-' || (sign == '+' && !isVariable) ? position + 1 : position;
    if (!source.startsWith(close, at)) {
      return false;
    }
    add(isVariable ? Token.Kind.VARIABLE_END : Token.Kind.BLOCK_END, close);
    endTag(at + 2, at > position ? sign : ' ', !isVariable);
    return true;
  }

  private void token() {
    int c = source.codePointAt(position);
    if (c >= '0' && c <= '9') {
      number();
    } else if (Characters.isWord(c)) {
      name();
    } else if (c == '\'' || c == '"') {
      string((char) c);
    } else {
      operator();
    }
  }

  private void number() {
    var real = REAL.matcher(source).region(position, source.length());
    // `a.0.1` is two subscripts and no number with a fraction.
    if ((position == 0 || source.charAt(position - 1) != '.') && real.lookingAt()) {
      String digits = real.group().replace("_", "");
      tokens.add(new Token(Token.Kind.NUMBER, digits, new Real(Double.parseDouble(digits)), line));
      position = real.end();
      return;
    }
    var integer = INTEGER.matcher(source).region(position, source.length());
    integer.lookingAt(); // a digit is one
    String digits = integer.group().replace("_", "");
    if (digits.length() > DIGITS_MAX) {
      throw new TemplateException("an integer has more than 4,300 digits", line);
    }
    int radix =
        switch (digits.length() > 1 ? Character.toLowerCase(digits.charAt(1)) : ' ') {
          case 'b' -> 2;
          case 'o' -> 8;
          case 'x' -> 16;
          default -> 10;
        };
    var value = new BigInteger(radix == 10 ? digits : digits.substring(2), radix);
    if (value.bitLength() > Int.BITS_MAX) {
      throw new TemplateException("an integer has more than 4,300 digits", line);
    }
    tokens.add(new Token(Token.Kind.NUMBER, digits, new Int(value), line));
    position = integer.end();
  }

  private void name() {
    int end = position;
    while (end < source.length() && Characters.isWord(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    String name = source.substring(position, end);
    if (!Character.isUnicodeIdentifierStart(name.codePointAt(0)) && name.charAt(0) != '_') {
      throw new TemplateException(
          "'" + Messages.shortened(name) + "' is no name: it begins with another character", line);
    }
    add(Token.Kind.NAME, name);
    position = end;
  }

  private void string(char quote) {
    int end = position + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw new TemplateException("a string is not closed; end it with " + quote, line);
    }
    add(Token.Kind.STRING, Escapes.resolve(source.substring(position + 1, end), line));
    position = end + 1;
  }

  private void operator() {
    String operator =
        OPERATORS.stream()
            .filter(o -> source.startsWith(o, position))
            .findFirst()
            .orElseThrow(() ->
                new TemplateException(
                    "the character "
                        + Repr.quoted(Character.toString(source.codePointAt(position)))
                        + " has no meaning here",
                    line));
    switch (operator) {
      case "(" -> brackets.push(')');
      case "[" -> brackets.push(']');
      case "{" -> brackets.push('}');
      case ")", "]", "}" -> {
        if (brackets.isEmpty() || brackets.pop() != operator.charAt(0)) {
          throw new TemplateException("'" + operator + "' closes nothing that is open", line);
        }
      }
      default -> {}
    }
    add(Token.Kind.OPERATOR, operator);
    position += operator.length();
  }

  private void add(Token.Kind kind, String text) {
    tokens.add(new Token(kind, text, None.NONE, line));
  }

  /// Goes on at a place, and counts the lines up to there.
  private void moveTo(int place) {
    for (; countedTo < place; countedTo++) {
      if (source.charAt(countedTo) == '\n') {
        line++;
      }
    }
    position = place;
  }
}
