package dev.educe.tokenizer;

import java.util.ArrayList;
import java.util.List;

/// Cuts text before and after each match of a regular expression, searched from left to right.
///
/// Reads the small language that pre-tokenizers are written in: alternatives of [runs of character
/// classes][RegexSequence]. It finds what a backtracking matcher would, without recursion and in
/// linear time: a run that led nowhere is not walked again. No alternative may match empty text.
final class RegexStage implements Stage {
  private final List<RegexSequence> alternatives = new ArrayList<>();

  /// @throws IllegalArgumentException if the expression is not in the language
  RegexStage(String regex) {
    for (String alternative : RegexSequence.alternatives(regex)) {
      alternatives.add(new RegexSequence(alternative));
    }
  }

  @Override
  public void split(CharSequence text, int from, int to, Ids ends) {
    int gap = from; // where the text begins that nothing has matched
    var barren = new int[alternatives.size()]; // before these places no match begins
    for (int at = from; at < to; ) {
      int end = match(text, at, to, barren);
      if (end < 0) {
        at += Character.charCount(Character.codePointAt(text, at));
        continue;
      }
      if (at > gap) {
        ends.add(at);
      }
      ends.add(end);
      at = end;
      gap = end;
    }
    if (to > gap) {
      ends.add(to);
    }
  }

  private int match(CharSequence text, int at, int to, int[] barren) {
    for (int i = 0; i < barren.length; i++) {
      if (at >= barren[i]) {
        int end = alternatives.get(i).match(text, at, to);
        if (end >= 0) {
          return end;
        }
        barren[i] = ~end;
      }
    }
    return -1;
  }
}
