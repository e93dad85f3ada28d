package dev.educe.grammar;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/// From which state of a counted machine, after how many steps, a text can still end.
///
/// A text of `^(ab)*$` with at most three characters must not go on after `ab`. So that no text
/// runs into such an end, the machine only goes where one can be reached with the steps that are
/// left.
///
/// @param allowed by state: bit *t* tells whether it may be entered after *t* steps, the last bit
///   for any number from there on if there is no most; null if it always may
/// @param freeFrom between this number of steps and [#freeTo] every state may be entered
/// @param freeTo inclusive, or [Expression#UNBOUNDED]
record StepCounts(List<BitSet> allowed, int freeFrom, int freeTo) {
  /// The largest count that is held together with a machine; a larger one is taken down to it, so
  /// that fewer texts are written, never a wrong one.
  static final int STEPS_MAX = 1 << 16;

  private static final long WORK_MAX = 100_000_000;

  /// @throws GrammarException if the machine and its counts are too large together
  static StepCounts of(Expression.Machine machine) {
    boolean isBounded = machine.max() != Expression.UNBOUNDED;
    int last = isBounded ? machine.max() : machine.min();
    List<Expression.Machine.State> states = machine.states();
    boolean isUniform =
        states.stream().allMatch(state -> state.isFinal() && !state.edges().isEmpty());
    if (isUniform) {
      return new StepCounts(Arrays.asList(new BitSet[states.size()]), 0, machine.max());
    }
    long edges = states.stream().mapToLong(state -> 1 + state.edges().size()).sum();
    if (edges * last > WORK_MAX) {
      throw new GrammarException(
          "a pattern of %,d states counts to %,d, which is too large together; lower one of them"
              .formatted(states.size(), last));
    }
    BitSet[] allowed = new BitSet[states.size()];
    Arrays.setAll(allowed, _ -> new BitSet(last + 1));
    for (int i = 0; i < allowed.length; i++) {
      if (!isBounded || states.get(i).isFinal()) {
        allowed[i].set(last);
      }
    }
    for (int t = last; t >= 0; t--) {
      for (int i = 0; i < allowed.length; i++) {
        boolean can = allowed[i].get(t) || t >= machine.min() && states.get(i).isFinal();
        for (int e = 0; !can && t < last && e < states.get(i).edges().size(); e++) {
          can = allowed[states.get(i).edges().get(e).target()].get(t + 1);
        }
        allowed[i].set(t, can);
      }
    }
    var free = new BitSet(last + 1);
    free.set(0, last + 1);
    for (BitSet bits : allowed) {
      free.and(bits);
    }
    int freeFrom = Math.max(0, free.nextSetBit(0));
    int freeTo = free.nextClearBit(freeFrom) - 1;
    return new StepCounts(
        List.of(allowed), freeFrom, freeTo == last && !isBounded ? machine.max() : freeTo);
  }

  /// Whether any text can end.
  boolean isPossible() {
    return allowed.getFirst() == null || allowed.getFirst().get(0);
  }
}
