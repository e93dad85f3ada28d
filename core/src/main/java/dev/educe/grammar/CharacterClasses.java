package dev.educe.grammar;

import java.util.ArrayList;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;

/// The sets of characters that regular expressions have names for.
///
/// Source: ECMA-262, sections 22.2.2.9 and 22.2.1 (tables of properties).
final class CharacterClasses {
  static final CodePoints DIGIT = CodePoints.range('0', '9');
  static final CodePoints WORD =
      CodePoints.range('a', 'z').or(CodePoints.range('A', 'Z')).or(DIGIT).or(CodePoints.of('_'));
  static final CodePoints SPACE =
      CodePoints.anyOf("\t\n\u000b\f\r \u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff")
          .or(CodePoints.range(0x2000, 0x200a));

  /// General categories by their short names, those with a long one beside it.
  private static final Map<String, String> LONG_NAMES =
      Map.ofEntries(
          Map.entry("Letter", "L"),
          Map.entry("Cased_Letter", "LC"),
          Map.entry("Uppercase_Letter", "Lu"),
          Map.entry("Lowercase_Letter", "Ll"),
          Map.entry("Titlecase_Letter", "Lt"),
          Map.entry("Modifier_Letter", "Lm"),
          Map.entry("Other_Letter", "Lo"),
          Map.entry("Mark", "M"),
          Map.entry("Nonspacing_Mark", "Mn"),
          Map.entry("Number", "N"),
          Map.entry("Decimal_Number", "Nd"),
          Map.entry("Punctuation", "P"),
          Map.entry("Symbol", "S"),
          Map.entry("Math_Symbol", "Sm"),
          Map.entry("Currency_Symbol", "Sc"),
          Map.entry("Separator", "Z"),
          Map.entry("Space_Separator", "Zs"),
          Map.entry("Control", "Cc"),
          Map.entry("Other", "C"));

  // By the constants of Character, such as Character.UPPERCASE_LETTER = 1.
  private static final String[] CATEGORIES = {
    "Cn", "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Me", "Mc", "Nd", "Nl", "No", "", "Zs", "Zl", "Zp",
    "Cc", "Cf", "", "Co", "Cs", "Pd", "Ps", "Pe", "Pc", "Po", "Sm", "Sc", "Sk", "So", "Pi", "Pf"
  };

  // Bounded, since there are only so many properties.
  private static final Map<String, CodePoints> KNOWN = new ConcurrentHashMap<>();

  private CharacterClasses() {}

  /// The characters that have a property, as it is written in `\p{…}`; empty if there is none of
  /// this name.
  static Optional<CodePoints> property(String name) {
    CodePoints known = KNOWN.get(name);
    if (known != null) {
      return Optional.of(known);
    }
    Optional<CodePoints> found = predicate(name).map(CharacterClasses::collect);
    found.ifPresent(set -> KNOWN.put(name, set));
    return found;
  }

  private static Optional<IntPredicate> predicate(String name) {
    int equals = name.indexOf('=');
    if (equals >= 0) {
      String value = name.substring(equals + 1);
      return switch (name.substring(0, equals)) {
        case "General_Category", "gc" -> category(value);
        case "Script", "sc" -> script(value);
        default -> Optional.empty();
      };
    }
    return switch (name) {
      case "Any" -> Optional.of(_ -> true);
      case "ASCII" -> Optional.of(c -> c < 0x80);
      case "Alphabetic", "Alpha" -> Optional.of(Character::isAlphabetic);
      case "Lowercase", "Lower" -> Optional.of(Character::isLowerCase);
      case "Uppercase", "Upper" -> Optional.of(Character::isUpperCase);
      case "Ideographic", "Ideo" -> Optional.of(Character::isIdeographic);
      case "Emoji" -> Optional.of(Character::isEmoji);
      case "Emoji_Presentation" -> Optional.of(Character::isEmojiPresentation);
      case "Extended_Pictographic" -> Optional.of(Character::isExtendedPictographic);
      default -> category(name);
    };
  }

  private static Optional<IntPredicate> category(String name) {
    String wanted = LONG_NAMES.getOrDefault(name, name);
    if (wanted.equals("LC")) {
      return Optional.of(c -> "LuLlLt".contains(CATEGORIES[Character.getType(c)]));
    }
    boolean isKnown = false;
    for (String category : CATEGORIES) {
      isKnown |= !category.isEmpty() && !wanted.isEmpty() && category.startsWith(wanted);
    }
    return isKnown
        ? Optional.of(c -> CATEGORIES[Character.getType(c)].startsWith(wanted))
        : Optional.empty();
  }

  private static Optional<IntPredicate> script(String name) {
    Character.UnicodeScript script;
    try {
      script = Character.UnicodeScript.forName(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException unknown) {
      return Optional.empty();
    }
    return Optional.of(c -> Character.UnicodeScript.of(c) == script);
  }

  private static CodePoints collect(IntPredicate predicate) {
    var ranges = new ArrayList<int[]>();
    int from = -1;
    for (int c = 0; c <= CodePoints.MAX + 1; c++) {
      boolean isIn = c <= CodePoints.MAX && predicate.test(c);
      if (isIn && from < 0) {
        from = c;
      } else if (!isIn && from >= 0) {
        ranges.add(new int[] {from, c - 1});
        from = -1;
      }
    }
    return CodePoints.union(ranges);
  }
}
