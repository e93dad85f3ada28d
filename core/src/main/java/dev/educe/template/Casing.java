package dev.educe.template;

import java.util.Locale;
import java.util.function.IntPredicate;

/// Upper, lower and title case as Python has them.
final class Casing {
  private Casing() {}

  static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }

  /// The first character in title case, the others in lower case.
  static String capitalized(String text) {
    int first = text.isEmpty() ? 0 : Character.charCount(text.codePointAt(0));
    return titleCharacter(text.substring(0, first)) + lower(text.substring(first));
  }

  /// Every run of letters capitalized.
  static String title(String text) {
    var title = new StringBuilder(text.length());
    int wordFrom = 0;
    boolean isInWord = false;
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      boolean isCased = Characters.isCased(text.codePointAt(i));
      if (isCased != isInWord) {
        title.append(word(text.substring(wordFrom, i), isInWord));
        wordFrom = i;
        isInWord = isCased;
      }
    }
    return title.append(word(text.substring(wordFrom), isInWord)).toString();
  }

  private static String word(String part, boolean isWord) {
    return isWord ? capitalized(part) : part;
  }

  static String swapped(String text) {
    var swapped = new StringBuilder(text.length());
    text.codePoints()
        .forEach(c -> {
          String character = Character.toString(c);
          swapped.append(Character.isUpperCase(c) ? lower(character) : upper(character));
        });
    return swapped.toString();
  }

  static boolean isLower(String text) {
    return isAll(text, Character::isLowerCase);
  }

  static boolean isUpper(String text) {
    return isAll(text, Character::isUpperCase);
  }

  static boolean isTitle(String text) {
    return text.codePoints().anyMatch(Characters::isCased) && title(text).equals(text);
  }

  /// Whether there are letters with a case, and all pass.
  private static boolean isAll(String text, IntPredicate test) {
    return text.codePoints().anyMatch(Characters::isCased)
        && text.codePoints().filter(Characters::isCased).allMatch(test);
  }

  /// One character, or none, in title case, which may be several.
  private static String titleCharacter(String character) {
    if (character.isEmpty()) {
      return character;
    }
    int c = character.codePointAt(0);
    String upper = upper(character);
    return upper.codePointCount(0, upper.length()) > 1 && Character.toTitleCase(c) == c
        ? capitalized(upper)
        : Character.toString(Character.toTitleCase(c));
  }
}
