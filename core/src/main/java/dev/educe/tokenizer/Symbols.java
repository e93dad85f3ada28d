package dev.educe.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Numbers the texts that merging works on.
///
/// A text that is a token has the token's id; another, met only on the way to one, has a number
/// after all ids. Tokens that plain text must not become are not among the texts.
final class Symbols {
  private final Vocabulary vocabulary;
  private final Map<String, Integer> numbers = new HashMap<>(); // of texts that are no tokens
  private final List<String> others = new ArrayList<>(); // the same by number

  Symbols(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /// The number of a text, a new one if it has none yet.
  int of(String text) {
    int token = vocabulary.textToken(text);
    if (token >= 0) {
      return token;
    }
    int next = count();
    Integer known = numbers.putIfAbsent(text, next);
    if (known != null) {
      return known;
    }
    others.add(text);
    return next;
  }

  /// The number of a text, or -1 if it has none.
  int find(String text) {
    int token = vocabulary.textToken(text);
    return token >= 0 ? token : numbers.getOrDefault(text, -1);
  }

  String text(int symbol) {
    return isToken(symbol) ? vocabulary.piece(symbol) : others.get(symbol - vocabulary.size());
  }

  boolean isToken(int symbol) {
    return symbol >= 0 && symbol < vocabulary.size();
  }

  /// All symbols are below this.
  int count() {
    return vocabulary.size() + others.size();
  }
}
