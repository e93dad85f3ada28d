package dev.educe.tokenizer;

import java.util.Arrays;

/// A set of characters, written as a regular expression writes one: `[^\s\p{L}\p{N}]`.
///
/// Knows what the pre-tokenizers need: single characters, ranges, `\r \n \t`, <code>&#92;uXXXX
/// </code>, `\x{X}`, `\s` and `\S` (Unicode's White_Space), `\d` (Nd), the general categories
/// `\p{L}` and `\p{Lu}`, `\p{Han}`, negation, and `&&[^\p{Han}]` at the end.
final class CharClass {
  /// General categories are bits by the number that [Character#getType] gives; this one is free.
  private static final int SPACE = 1 << 17;

  private static final int HAN = 1 << 31;
  private static final String NOT_HAN = "&&[^\\p{Han}]";

  private final String source;
  private final boolean negated;
  private final boolean withoutHan;
  private int kinds; // general categories, SPACE, HAN
  private int[] ranges = {}; // pairs of first and last character
  private final long[] ascii = new long[2]; // the answers for the first 128 characters

  private CharClass(String source, boolean negated, boolean withoutHan) {
    this.source = source;
    this.negated = negated;
    this.withoutHan = withoutHan;
  }

  /// Reads one element of a regular expression: a class in brackets, an escape or a character.
  ///
  /// @throws IllegalArgumentException if it is none
  static CharClass of(String source) {
    boolean brackets = source.length() > 1 && source.startsWith("[");
    boolean negated = source.startsWith("[^") || source.equals("\\S");
    boolean withoutHan = source.endsWith(NOT_HAN + "]");
    var set = new CharClass(source, negated, withoutHan);
    if (source.equals("\\S")) {
      set.kinds = SPACE;
    } else {
      int end = source.length() - (brackets ? 1 : 0) - (withoutHan ? NOT_HAN.length() : 0);
      set.read(source.substring(brackets ? negated ? 2 : 1 : 0, end));
    }
    for (int c = 0; c < 128; c++) {
      if (set.test(c)) {
        set.ascii[c >> 6] |= 1L << c;
      }
    }
    return set;
  }

  /// Whether the character is in the set.
  boolean has(int codePoint) {
    return codePoint < 128 ? (ascii[codePoint >> 6] >>> codePoint & 1) != 0 : test(codePoint);
  }

  @Override
  public String toString() {
    return source;
  }

  private boolean test(int codePoint) {
    boolean listed = (kinds & kindsOf(codePoint)) != 0 || inRanges(codePoint);
    return (listed && !(withoutHan && isHan(codePoint))) != negated;
  }

  private int kindsOf(int codePoint) {
    int category = 1 << Character.getType(codePoint);
    return category
        | (isSpace(codePoint, category) ? SPACE : 0)
        | ((kinds & HAN) != 0 && isHan(codePoint) ? HAN : 0);
  }

  private static boolean isSpace(int codePoint, int category) {
    int separators =
        1 << Character.SPACE_SEPARATOR
            | 1 << Character.LINE_SEPARATOR
            | 1 << Character.PARAGRAPH_SEPARATOR;
    return (category & separators) != 0
        || codePoint >= '\t' && codePoint <= '\r'
        || codePoint == 0x85;
  }

  private static boolean isHan(int codePoint) {
    return Character.UnicodeScript.of(codePoint) == Character.UnicodeScript.HAN;
  }

  private boolean inRanges(int codePoint) {
    for (int i = 0; i < ranges.length; i += 2) {
      if (codePoint >= ranges[i] && codePoint <= ranges[i + 1]) {
        return true;
      }
    }
    return false;
  }

  private void read(String elements) {
    for (int at = 0; at < elements.length(); ) {
      int end = endOfElement(elements, at);
      String element = elements.substring(at, end);
      at = end;
      int category = category(element);
      if (category != 0) {
        kinds |= category;
        continue;
      }
      int first = character(element);
      int last = first;
      if (at + 1 < elements.length() && elements.charAt(at) == '-') {
        end = endOfElement(elements, at + 1);
        last = character(elements.substring(at + 1, end));
        at = end;
      }
      ranges = Arrays.copyOf(ranges, ranges.length + 2);
      ranges[ranges.length - 2] = first;
      ranges[ranges.length - 1] = last;
    }
  }

  /// Where the character or escape that begins at `at` ends.
  static int endOfElement(String source, int at) {
    if (source.charAt(at) != '\\') {
      return at + Character.charCount(source.codePointAt(at));
    }
    return switch (source.charAt(at + 1)) {
      case 'p', 'x' -> source.indexOf('}', at) + 1;
      case 'u' -> at + 6;
      default -> at + 2;
    };
  }

  /// The bits of a category's name, or 0 if the element is a character.
  private static int category(String element) {
    return switch (element) {
      case "\\s" -> SPACE;
      case "\\p{Han}" -> HAN;
      case "\\p{L}" ->
          category("\\p{Lu}")
              | category("\\p{Ll}")
              | category("\\p{Lt}")
              | category("\\p{Lm}")
              | category("\\p{Lo}");
      case "\\p{Lu}" -> 1 << Character.UPPERCASE_LETTER;
      case "\\p{Ll}" -> 1 << Character.LOWERCASE_LETTER;
      case "\\p{Lt}" -> 1 << Character.TITLECASE_LETTER;
      case "\\p{Lm}" -> 1 << Character.MODIFIER_LETTER;
      case "\\p{Lo}" -> 1 << Character.OTHER_LETTER;
      case "\\p{M}" ->
          1 << Character.NON_SPACING_MARK
              | 1 << Character.ENCLOSING_MARK
              | 1 << Character.COMBINING_SPACING_MARK;
      case "\\p{N}" ->
          1 << Character.DECIMAL_DIGIT_NUMBER
              | 1 << Character.LETTER_NUMBER
              | 1 << Character.OTHER_NUMBER;
      case "\\d" -> 1 << Character.DECIMAL_DIGIT_NUMBER;
      case "\\p{Pc}" -> 1 << Character.CONNECTOR_PUNCTUATION;
      case "\\p{P}" ->
          1 << Character.CONNECTOR_PUNCTUATION
              | 1 << Character.DASH_PUNCTUATION
              | 1 << Character.START_PUNCTUATION
              | 1 << Character.END_PUNCTUATION
              | 1 << Character.INITIAL_QUOTE_PUNCTUATION
              | 1 << Character.FINAL_QUOTE_PUNCTUATION
              | 1 << Character.OTHER_PUNCTUATION;
      case "\\p{S}" ->
          1 << Character.MATH_SYMBOL
              | 1 << Character.CURRENCY_SYMBOL
              | 1 << Character.MODIFIER_SYMBOL
              | 1 << Character.OTHER_SYMBOL;
      default -> 0;
    };
  }

  private static int character(String element) {
    if (element.charAt(0) != '\\') {
      return element.codePointAt(0);
    }
    return switch (element.charAt(1)) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> Integer.parseInt(element.substring(2), 16);
      case 'x' -> Integer.parseInt(element.substring(3, element.length() - 1), 16);
      default -> {
        if (Character.isLetterOrDigit(element.charAt(1))) {
          throw new IllegalArgumentException("there is no character class " + element);
        }
        yield element.codePointAt(1);
      }
    };
  }
}
