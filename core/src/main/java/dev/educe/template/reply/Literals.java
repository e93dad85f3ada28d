package dev.educe.template.reply;

import java.util.List;
import java.util.stream.Stream;

/// Expects words one after the other, with any white space around them.
final class Literals {
  private final List<String> words;
  private int index;
  private int matched;

  Literals(List<String> words) {
    this.words = words;
  }

  /// The words between the white space of `text`.
  static List<String> words(String text) {
    return Stream.of(text.strip().split("\\s+")).filter(word -> !word.isEmpty()).toList();
  }

  boolean isEmpty() {
    return words.isEmpty();
  }

  /// Takes a character; done with the last of the last word.
  Progress accept(char c) {
    String word = words.get(index);
    if (matched == 0 && ValueReader.isSpace(c)) {
      return Progress.MORE;
    }
    if (c != word.charAt(matched)) {
      return Progress.BAD;
    }
    if (++matched < word.length()) {
      return Progress.MORE;
    }
    matched = 0;
    return ++index == words.size() ? Progress.DONE : Progress.MORE;
  }

  /// The beginning of a word that came.
  String untaken() {
    return index == words.size() ? "" : words.get(index).substring(0, matched);
  }
}
