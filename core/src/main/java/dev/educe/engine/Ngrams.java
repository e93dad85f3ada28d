package dev.educe.engine;

import java.util.List;

/// Guesses that a sequence goes on as it did when it last came by the same tokens: right for code
/// that is edited, texts that are quoted or summed up, and whatever repeats itself.
///
/// The longest such place counts, and of equals the latest; where the sequence ends before the
/// guesses do, they go on with themselves. Needs no second model and keeps nothing.
///
/// Source: Saxena 2023, "Prompt Lookup Decoding".
public final class Ngrams implements Drafter {
  /// A single token tells too little.
  private static final int MATCHED_MIN = 2;

  // A longer way back guesses no better.
  private static final int MATCHED_MAX = 8;

  // So many tokens are looked through in some microseconds, a thousandth of a step.
  private static final int LOOKED_BACK = 16_384;

  /// Serves any number of sequences.
  public Ngrams() {}

  @Override
  public void draft(List<Draft> drafts) {
    for (Draft draft : drafts) {
      int from = continuation(draft.tokens(), draft.count());
      for (int i = 0; from >= 0 && draft.guessed() < draft.wanted(); i++) {
        // Behind the last token this reads guesses.
        draft.add(draft.tokens()[from + i]);
      }
    }
  }

  /// Where the sequence goes on that ended like this before; -1 if it never did.
  static int continuation(int[] tokens, int count) {
    int last = count - 1;
    int longest = MATCHED_MIN - 1;
    int found = -1;
    for (int end = last - 1; end >= Math.max(0, last - LOOKED_BACK); end--) {
      if (tokens[end] != tokens[last]) {
        continue;
      }
      int matched = 1;
      while (matched < MATCHED_MAX
          && matched <= end
          && tokens[end - matched] == tokens[last - matched]) {
        matched++;
      }
      if (matched > longest) {
        longest = matched;
        found = end + 1;
        if (matched == MATCHED_MAX) {
          break;
        }
      }
    }
    return found;
  }

  @Override
  public double guessNanos() {
    return 0;
  }
}
