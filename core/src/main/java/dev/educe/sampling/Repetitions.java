package dev.educe.sampling;

import java.util.Arrays;

/// Applies [Dry] to the candidates of one sequence.
///
/// Finds where the sequence's end stands before by the Z-algorithm, read backwards: linear in the
/// number of tokens searched. Scratch grows with the sequence; nothing else is allocated.
///
/// Source: Gusfield 1997, "Algorithms on Strings, Trees, and Sequences", section 1.4.
final class Repetitions implements Step {
  /// Far below any score, and finite, so that a repetition never excludes a token.
  private static final double PENALTY_MAX = 1e30;

  private final Dry dry;
  private final Breakers breakers;
  private int[] lengths = {}; // [searched]; by distance: how many last tokens stand there, too

  Repetitions(Dry dry, Breakers breakers) {
    this.dry = dry;
    this.breakers = breakers;
  }

  @Override
  public void apply(Candidates candidates) {
    int end = candidates.tokenCount();
    int searched = Setting.last(dry.tokens(), end);
    if (searched <= dry.allowedLength()) {
      return;
    }
    int longest = breakers.lengthToBreaker(candidates, searched);
    if (longest < dry.allowedLength()) {
      return;
    }
    measure(candidates, searched);
    candidates.beginScoring();
    int[] repeated = candidates.marks(); // one more than the length, by token
    for (int distance = 1; distance < searched; distance++) {
      int length = Math.min(longest, lengths[distance]);
      int next = candidates.token(end - distance);
      if (length >= dry.allowedLength() && length >= repeated[next]) {
        repeated[next] = length + 1;
      }
    }
    for (int distance = 1; distance < searched; distance++) {
      int next = candidates.token(end - distance);
      if (repeated[next] > 0) {
        int length = repeated[next] - 1;
        repeated[next] = 0;
        if (!breakers.isBreaker(next)) {
          candidates.score(next, candidates.score(next) - penalty(length));
        }
      }
    }
  }

  private float penalty(int length) {
    // StrictMath gives the same bits everywhere.
    double power = StrictMath.pow(dry.base(), length - dry.allowedLength());
    return (float) Math.min(PENALTY_MAX, dry.multiplier() * power);
  }

  /// Sets `lengths[distance]` to how many of the last tokens equal those `distance` before them.
  private void measure(Candidates candidates, int searched) {
    if (lengths.length < searched) {
      lengths = Arrays.copyOf(lengths, Math.max(searched, 2 * lengths.length));
    }
    int last = candidates.tokenCount() - 1;
    int boxBegin = 0; // the match that reaches farthest back, as distances
    int boxEnd = 0;
    for (int distance = 1; distance < searched; distance++) {
      int length = 0;
      if (distance < boxEnd) {
        length = Math.min(boxEnd - distance, lengths[distance - boxBegin]);
      }
      while (distance + length < searched
          && candidates.token(last - length) == candidates.token(last - length - distance)) {
        length++;
      }
      lengths[distance] = length;
      if (distance + length > boxEnd) {
        boxBegin = distance;
        boxEnd = distance + length;
      }
    }
  }
}
