package dev.educe.grammar;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Turns regular expressions into machines.
///
/// Source: Thompson 1968 for the machine with empty steps, Rabin and Scott 1959 for the
/// deterministic one. An anchor is an empty step that may be taken before the first character or
/// after the last one only.
final class RegexMachine {
  private static final int NODES_MAX = 20_000;
  private static final long WORK_MAX = 50_000_000; // nodes looked at

  private static final int EMPTY = -1;
  private static final int BEGIN = -2;
  private static final int END = -3;

  /// An empty step, or one that reads a character of the set `kind`.
  private record Step(int kind, int target) {}

  private final List<List<Step>> steps = new ArrayList<>(); // by node
  private final Map<CodePoints, Integer> sets = new LinkedHashMap<>();
  private long work;

  private RegexMachine() {}

  /// The machine of the texts that are matched from beginning to end.
  ///
  /// @throws GrammarException if it is too large
  static CharMachine of(Regex regex) {
    var builder = new RegexMachine();
    int end = builder.node();
    int start = builder.before(regex, end);
    return builder.determinize(start, end);
  }

  private int node(Step... out) {
    if (steps.size() == NODES_MAX) {
      throw tooLarge();
    }
    steps.add(new ArrayList<>(List.of(out)));
    return steps.size() - 1;
  }

  private static GrammarException tooLarge() {
    return new GrammarException("the regular expression is too large; simplify it");
  }

  /// Writes what reads `regex` and goes on at `next`, and returns where that begins.
  private int before(Regex regex, int next) {
    return switch (regex) {
      case Regex.Characters(CodePoints set) -> {
        int kind = sets.computeIfAbsent(set, _ -> sets.size());
        yield node(new Step(kind, next));
      }
      case Regex.Anchor(boolean isEnd) -> node(new Step(isEnd ? END : BEGIN, next));
      case Regex.Sequence(var parts) -> {
        int at = next;
        for (Regex part : parts.reversed()) {
          at = before(part, at);
        }
        yield at;
      }
      case Regex.Choice(var options) -> {
        int fork = node();
        for (Regex option : options) {
          steps.get(fork).add(new Step(EMPTY, before(option, next)));
        }
        yield fork;
      }
      case Regex.Repeat(var part, int min, int max) -> {
        int at = next;
        if (max == Expression.UNBOUNDED) {
          at = node(new Step(EMPTY, next));
          steps.get(at).add(new Step(EMPTY, before(part, at)));
        } else {
          for (int i = min; i < max; i++) {
            int inner = before(part, at);
            at = node(new Step(EMPTY, inner), new Step(EMPTY, next));
          }
        }
        for (int i = 0; i < min; i++) {
          at = before(part, at);
        }
        yield at;
      }
    };
  }

  private CharMachine determinize(int start, int end) {
    List<CodePoints> classes = CodePoints.partition(sets.keySet());
    boolean[][] holds = new boolean[sets.size()][classes.size()];
    sets.forEach((set, kind) -> {
      for (int k = 0; k < classes.size(); k++) {
        holds[kind][k] = set.contains(classes.get(k).first());
      }
    });
    var first = new BitSet();
    first.set(start);
    first = closure(first, true, false);
    first.set(steps.size()); // so that no other state is taken for the first one
    return CharMachine.explore(
        first,
        state -> edges(state, classes, holds),
        state -> closure(state, state.get(steps.size()), true).get(end));
  }

  private List<CharMachine.Edge<BitSet>> edges(
      BitSet state, List<CodePoints> classes, boolean[][] holds) {
    BitSet[] next = new BitSet[classes.size()];
    for (int node = state.nextSetBit(0); node >= 0; node = state.nextSetBit(node + 1)) {
      for (Step step : node < steps.size() ? steps.get(node) : List.<Step>of()) {
        for (int k = 0; step.kind >= 0 && k < next.length; k++) {
          if (holds[step.kind][k]) {
            next[k] = next[k] == null ? new BitSet() : next[k];
            next[k].set(step.target);
          }
        }
        work += step.kind >= 0 ? next.length : 1;
      }
    }
    if (work > WORK_MAX) {
      throw tooLarge();
    }
    var edges = new ArrayList<CharMachine.Edge<BitSet>>();
    for (int k = 0; k < next.length; k++) {
      if (next[k] != null) {
        edges.add(new CharMachine.Edge<>(classes.get(k), closure(next[k], false, false)));
      }
    }
    return edges;
  }

  /// The nodes that empty steps lead to, and those themselves.
  private BitSet closure(BitSet from, boolean isBegin, boolean isEnd) {
    var found = (BitSet) from.clone();
    var todo = new ArrayList<Integer>();
    from.stream().filter(node -> node < steps.size()).forEach(todo::add);
    while (!todo.isEmpty()) {
      for (Step step : steps.get(todo.removeLast())) {
        work++;
        boolean isOpen =
            switch (step.kind) {
              case EMPTY -> true;
              case BEGIN -> isBegin;
              case END -> isEnd;
              default -> false;
            };
        if (isOpen && !found.get(step.target)) {
          found.set(step.target);
          todo.add(step.target);
        }
      }
    }
    if (work > WORK_MAX) {
      throw tooLarge();
    }
    return found;
  }
}
