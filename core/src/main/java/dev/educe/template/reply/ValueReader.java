package dev.educe.template.reply;

import java.util.Map;

/// Reads one value as models write them, and writes it as strict, compact JSON on the way.
///
/// Read are JSON, Python's literals (single quotes, `True`, tuples), and values whose texts stand
/// between a quote of the family's own. Line breaks within texts and unknown escapes, which models
/// get wrong, are mended. What has been written is at any moment the beginning of valid JSON.
final class ValueReader {
  private static final String REPLACEMENT = "\\ufffd";

  private static final int DEPTH_MAX = 100;

  private static final Map<String, String> WORDS =
      Map.of(
          "true", "true", "false", "false", "null", "null", "True", "true", "False", "false",
          "None", "null");

  private static final int WORD_LENGTH_MAX = 5;

  /// Stands for the family's quote once it has been read.
  private static final int QUOTE = -1;

  private enum State {
    VALUE,
    ELEMENT,
    KEY,
    BARE_KEY,
    COLON,
    AFTER,
    TEXT,
    ESCAPE,
    HEX,
    NUMBER,
    WORD
  }

  /// Places within a number; after some of them it may end.
  private enum Digits {
    MINUS,
    ZERO,
    WHOLE,
    POINT,
    FRACTION,
    E,
    SIGN,
    EXPONENT
  }

  private final CharSink out;
  private final String quote;
  private final StringBuilder held = new StringBuilder();
  private final StringBuilder closers = new StringBuilder();
  private final StringBuilder word = new StringBuilder();
  private State state = State.VALUE;
  private Digits digits = Digits.MINUS;
  private int delimiter;
  private boolean isKey;
  private boolean commaDue;
  private final StringBuilder escape = new StringBuilder(); // after its backslash
  private String high = ""; // an escaped half of a character that waits for the other

  /// @param out takes the JSON
  /// @param quote of the family, or empty
  ValueReader(CharSink out, String quote) {
    this.out = out;
    this.quote = quote;
  }

  /// The JSON for `text`, or empty if it is no value.
  static String json(CharSequence text) {
    var json = new StringBuilder();
    var reader = new ValueReader(json::append, "");
    for (int i = 0; i < text.length(); i++) {
      var progress = reader.accept(text.charAt(i));
      if (progress != Progress.MORE) {
        return progress == Progress.DONE && i == text.length() - 1 ? json.toString() : "";
      }
    }
    return reader.accept(' ') == Progress.DONE_BEFORE ? json.toString() : "";
  }

  Progress accept(char c) {
    if (quote.isEmpty()) {
      return read(c);
    }
    held.append(c);
    while (!quote.startsWith(held.toString())) {
      var progress = read(held.charAt(0));
      if (progress != Progress.MORE) {
        return held.length() == 1 ? progress : Progress.BAD;
      }
      held.deleteCharAt(0);
    }
    if (held.length() < quote.length()) {
      return Progress.MORE;
    }
    held.setLength(0);
    return read(QUOTE);
  }

  private Progress read(int c) {
    return switch (state) {
      case VALUE, ELEMENT, KEY, COLON, AFTER -> isSpace(c) ? Progress.MORE : structure(c);
      case BARE_KEY -> bareKey(c);
      case TEXT -> text(c);
      case ESCAPE -> escape(c);
      case HEX -> hex(c);
      case NUMBER -> number(c);
      case WORD -> word(c);
    };
  }

  private Progress structure(int c) {
    if (closes(c)) {
      return close();
    }
    return switch (state) {
      case KEY -> key(c);
      case COLON -> c == ':' ? write(':', State.VALUE) : Progress.BAD;
      case AFTER -> {
        commaDue = true;
        boolean inObject = closers.charAt(closers.length() - 1) == '}';
        state = inObject ? State.KEY : State.ELEMENT;
        yield c == ',' ? Progress.MORE : Progress.BAD;
      }
      default -> value(c);
    };
  }

  private boolean closes(int c) {
    return (state == State.AFTER || state == State.KEY || state == State.ELEMENT)
        && !closers.isEmpty()
        && c == closers.charAt(closers.length() - 1);
  }

  private Progress close() {
    commaDue = false; // one before the end is not JSON
    out.accept(closers.charAt(closers.length() - 1) == '}' ? '}' : ']');
    closers.setLength(closers.length() - 1);
    return endValue();
  }

  private Progress value(int c) {
    if (c == '{' || c == '[' || c == '(') {
      if (closers.length() == DEPTH_MAX) {
        return Progress.BAD;
      }
      comma();
      closers.append(c == '{' ? '}' : c == '[' ? ']' : ')');
      return c == '{' ? write('{', State.KEY) : write('[', State.ELEMENT);
    }
    if (c == '"' || c == '\'' || c == QUOTE) {
      return beginText(c, false);
    }
    if (c == '-' || isDigit(c)) {
      comma();
      digits = c == '-' ? Digits.MINUS : c == '0' ? Digits.ZERO : Digits.WHOLE;
      return write((char) c, State.NUMBER);
    }
    word.setLength(0);
    state = State.WORD;
    return word(c);
  }

  private Progress key(int c) {
    if (c == '"' || c == '\'' || c == QUOTE) {
      return beginText(c, true);
    }
    if (quote.isEmpty() || !Character.isUnicodeIdentifierPart(c)) {
      return Progress.BAD;
    }
    comma();
    out.accept('"');
    return write((char) c, State.BARE_KEY);
  }

  private Progress bareKey(int c) {
    if (Character.isUnicodeIdentifierPart(c) || c == '-' || c == '.' || c == '$') {
      return write((char) c, State.BARE_KEY);
    }
    out.accept('"');
    state = State.COLON;
    return read(c);
  }

  private Progress beginText(int opening, boolean key) {
    comma();
    delimiter = opening;
    isKey = key;
    return write('"', State.TEXT);
  }

  private Progress text(int c) {
    if (c != '\\' || delimiter == QUOTE) {
      mendHalf();
    }
    if (c == delimiter) {
      out.accept('"');
      return isKey ? next(State.COLON) : endValue();
    }
    if (c == QUOTE) {
      return Progress.BAD;
    }
    if (c == '\\' && delimiter != QUOTE) {
      return next(State.ESCAPE);
    }
    out.acceptQuoted((char) c);
    return Progress.MORE;
  }

  private Progress escape(int c) {
    state = State.TEXT;
    if (c == 'u' || c == 'x') {
      escape.setLength(0);
      escape.append((char) c);
      return next(State.HEX);
    }
    mendHalf();
    if (c >= 0 && "\"\\/bfnrt".indexOf(c) >= 0) {
      out.accept("\\" + (char) c);
      return Progress.MORE;
    }
    if (c == '\'') {
      out.accept('\'');
      return Progress.MORE;
    }
    out.acceptQuoted('\\');
    return text(c);
  }

  /// The digits are held back until they are all there, for half an escape is no JSON; with too few
  /// of them the backslash stands for itself.
  private Progress hex(int c) {
    boolean isDigit = c >= 0 && c <= 'f' && Character.digit(c, 16) >= 0;
    if (!isDigit) {
      mendHalf();
      out.acceptQuoted('\\');
      escape.chars().forEach(held -> out.acceptQuoted((char) held));
      state = State.TEXT;
      return text(c);
    }
    escape.append((char) c);
    boolean isShort = escape.charAt(0) == 'x';
    if (escape.length() == (isShort ? 3 : 5)) {
      unit((isShort ? "00" : "") + escape.substring(1));
      state = State.TEXT;
    }
    return Progress.MORE;
  }

  /// Writes an escaped UTF-16 unit; halves of characters only in pairs, as strict readers want it.
  private void unit(String hex) {
    char unit = (char) Integer.parseInt(hex, 16);
    if (Character.isLowSurrogate(unit) && !high.isEmpty()) {
      out.accept(high + "\\u" + hex);
      high = "";
      return;
    }
    mendHalf();
    if (Character.isHighSurrogate(unit)) {
      high = "\\u" + hex;
    } else {
      out.accept(Character.isLowSurrogate(unit) ? REPLACEMENT : "\\u" + hex);
    }
  }

  /// What stands for half a character without the other.
  private void mendHalf() {
    if (!high.isEmpty()) {
      high = "";
      out.accept(REPLACEMENT);
    }
  }

  private Progress number(int c) {
    Digits place = nextDigits(c);
    if (place != null) {
      digits = place;
      return write((char) c, State.NUMBER);
    }
    boolean mayEnd =
        switch (digits) {
          case ZERO, WHOLE, FRACTION, EXPONENT -> true;
          case MINUS, POINT, E, SIGN -> false;
        };
    if (!mayEnd || Character.isUnicodeIdentifierPart(c) || c == '.') {
      return Progress.BAD;
    }
    return endValue() == Progress.DONE ? Progress.DONE_BEFORE : read(c);
  }

  private Digits nextDigits(int c) {
    boolean digit = isDigit(c);
    return switch (digits) {
      case MINUS -> c == '0' ? Digits.ZERO : digit ? Digits.WHOLE : null;
      case ZERO -> c == '.' ? Digits.POINT : isE(c) ? Digits.E : null;
      case WHOLE -> digit ? Digits.WHOLE : c == '.' ? Digits.POINT : isE(c) ? Digits.E : null;
      case POINT -> digit ? Digits.FRACTION : null;
      case FRACTION -> digit ? Digits.FRACTION : isE(c) ? Digits.E : null;
      case E -> c == '+' || c == '-' ? Digits.SIGN : digit ? Digits.EXPONENT : null;
      case SIGN, EXPONENT -> digit ? Digits.EXPONENT : null;
    };
  }

  private Progress word(int c) {
    if (c < 0 || !Character.isLetter(c) || word.length() == WORD_LENGTH_MAX) {
      return Progress.BAD;
    }
    String json = WORDS.get(word.append((char) c).toString());
    if (json == null) {
      return Progress.MORE;
    }
    comma();
    out.accept(json);
    return endValue();
  }

  private void comma() {
    if (commaDue) {
      out.accept(',');
      commaDue = false;
    }
  }

  private Progress endValue() {
    state = State.AFTER;
    return closers.isEmpty() ? Progress.DONE : Progress.MORE;
  }

  private Progress write(char c, State next) {
    out.accept(c);
    return next(next);
  }

  private Progress next(State next) {
    state = next;
    return Progress.MORE;
  }

  static boolean isSpace(int c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private static boolean isE(int c) {
    return c == 'e' || c == 'E';
  }
}
