package dev.educe.tokenizer;

import java.util.ArrayList;
import java.util.List;

/// One alternative of a regular expression: runs of character classes, one after the other, as in
/// `[^\r\n\p{L}\p{N}]?\p{L}+`.
///
/// A run has a quantifier `?`, `+`, `*`, `{n}` or `{n,m}`. The whole may end with `(?!\S)` or with
/// an optional group of plain sequences, `(?:'s|'t)?`. Runs are greedy, and give characters back as
/// backtracking would where the next run needs one: only to that run, and the first run, if
/// optional, altogether. The expressions in use need no more.
final class RegexSequence {
  private static final String NOT_BEFORE_TEXT = "(?!\\S)";
  private static final CharClass SPACE = CharClass.of("\\s");

  private final List<Run> runs = new ArrayList<>();
  private final List<RegexSequence> endings = new ArrayList<>(); // the first that matches is taken
  private boolean notBeforeText;

  private record Run(CharClass set, int min, int max) {}

  /// @throws IllegalArgumentException if the expression is not in the language
  RegexSequence(String regex) {
    int at = 0;
    while (at < regex.length()) {
      String rest = regex.substring(at);
      if (rest.equals(NOT_BEFORE_TEXT)) {
        notBeforeText = true;
        return;
      }
      if (rest.startsWith("(?:") && rest.endsWith(")?")) {
        for (String ending : alternatives(rest.substring(3, rest.length() - 2))) {
          endings.add(new RegexSequence(ending));
        }
        return;
      }
      at = readRun(regex, at);
    }
  }

  /// The parts between the bars that are not in brackets.
  static List<String> alternatives(String regex) {
    var parts = new ArrayList<String>();
    int classes = 0;
    int groups = 0;
    int from = 0;
    for (int at = 0; at < regex.length(); at = CharClass.endOfElement(regex, at)) {
      switch (regex.charAt(at)) {
        case '[' -> classes++;
        case ']' -> classes--;
        case '(' -> groups += classes == 0 ? 1 : 0;
        case ')' -> groups -= classes == 0 ? 1 : 0;
        case '|' -> {
          if (classes + groups == 0) {
            parts.add(regex.substring(from, at));
            from = at + 1;
          }
        }
        default -> {}
      }
    }
    parts.add(regex.substring(from));
    return parts;
  }

  /// Where the match that begins at `at` ends.
  ///
  /// @return negative if there is none: `~place`, where no match begins before `place` either
  int match(CharSequence text, int at, int to) {
    var first = runs.getFirst();
    if (first.min == 0 && first.max == 1 && at < to) {
      int c = Character.codePointAt(text, at);
      int end = first.set.has(c) ? match(text, at + Character.charCount(c), to, 1) : -1;
      return end >= 0 ? end : match(text, at, to, 1);
    }
    return match(text, at, to, 0);
  }

  private int match(CharSequence text, int from, int to, int firstRun) {
    int at = from;
    int last = from; // the least end that the last run could have
    for (int i = firstRun; i < runs.size(); i++) {
      var run = runs.get(i);
      int count = 0;
      int begin = at;
      while (at < to && count < run.max) {
        int c = Character.codePointAt(text, at);
        if (!run.set.has(c)) {
          break;
        }
        at += Character.charCount(c);
        count++;
      }
      if (count < run.min) {
        return -1;
      }
      last = count > run.min ? begin : at;
      if (i + 1 < runs.size() && runs.get(i + 1).min > 0) {
        int place = giveBack(text, at, to, count - run.min, runs.get(i + 1).set);
        if (place < 0) {
          // A later start in the same run would end it here too, and find as little.
          return i == firstRun && run.max == Integer.MAX_VALUE ? ~at : -1;
        }
        at = place;
      }
    }
    return end(text, at, to, last);
  }

  /// The last place, at most `count` characters before `at`, where a character of `next` stands.
  private static int giveBack(CharSequence text, int at, int to, int count, CharClass next) {
    if (at < to && next.has(Character.codePointAt(text, at))) {
      return at;
    }
    int place = at;
    for (int given = 0; given < count; given++) {
      int c = Character.codePointBefore(text, place);
      place -= Character.charCount(c);
      if (next.has(c)) {
        return place;
      }
    }
    return -1;
  }

  private int end(CharSequence text, int at, int to, int last) {
    for (var ending : endings) {
      int end = ending.match(text, at, to);
      if (end >= 0) {
        return end;
      }
    }
    if (!notBeforeText || at == to || SPACE.has(Character.codePointAt(text, at))) {
      return at;
    }
    // The run before is of spaces, so a shorter one stands before a space.
    return last < at ? at - 1 : -1;
  }

  private int readRun(String regex, int from) {
    int at = regex.charAt(from) == '[' ? endOfClass(regex, from) : endOfAtom(regex, from);
    var set = CharClass.of(regex.substring(from, at));
    char quantifier = at < regex.length() ? regex.charAt(at) : ' ';
    switch (quantifier) {
      case '?' -> runs.add(new Run(set, 0, 1));
      case '+' -> runs.add(new Run(set, 1, Integer.MAX_VALUE));
      case '*' -> runs.add(new Run(set, 0, Integer.MAX_VALUE));
      case '{' -> {
        int end = regex.indexOf('}', at);
        String[] bounds = regex.substring(at + 1, end).split(",", 2);
        int min = Integer.parseInt(bounds[0]);
        runs.add(new Run(set, min, Integer.parseInt(bounds[bounds.length - 1])));
        return end + 1;
      }
      default -> {
        runs.add(new Run(set, 1, 1));
        return at;
      }
    }
    return at + 1;
  }

  private static int endOfAtom(String regex, int from) {
    if ("()*+?{}|".indexOf(regex.charAt(from)) >= 0) {
      throw new IllegalArgumentException("cannot read " + regex.substring(from) + " in " + regex);
    }
    return CharClass.endOfElement(regex, from);
  }

  private static int endOfClass(String regex, int from) {
    int depth = 0;
    int at = from;
    do {
      char c = regex.charAt(at);
      depth += c == '[' ? 1 : c == ']' ? -1 : 0;
      at = CharClass.endOfElement(regex, at);
    } while (depth > 0);
    return at;
  }
}
