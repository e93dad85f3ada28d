package dev.educe.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which parts of a grammar any text fits, and the grammar without the others.
///
/// Without them, a text that has begun can always be ended: there are no dead ends to generate
/// into.
final class Productivity {
  private final Map<String, Expression> rules;
  private final Set<String> productive = new HashSet<>();

  Productivity(Map<String, Expression> rules) {
    this.rules = rules;
    RuleReferences.fixpoint(rules, productive, this::isProductive);
  }

  /// All rules, pruned.
  Map<String, Expression> rules() {
    var pruned = new LinkedHashMap<String, Expression>();
    rules.forEach((name, body) -> pruned.put(name, prune(body)));
    return pruned;
  }

  boolean isProductive(Expression expression) {
    return switch (expression) {
      case Expression.Bytes(ByteSet set) -> !set.equals(ByteSet.EMPTY);
      case Expression.Sequence(var parts) -> parts.stream().allMatch(this::isProductive);
      case Expression.Choice(var options) -> options.stream().anyMatch(this::isProductive);
      case Expression.Repeat(var part, int min, int _) -> min == 0 || isProductive(part);
      // What is not defined is found later, and named.
      case Expression.Rule(String name) -> productive.contains(name) || !rules.containsKey(name);
      case Expression.Machine machine -> ends(machine).get(0);
    };
  }

  /// The same texts, without what leads to none.
  Expression prune(Expression expression) {
    return switch (expression) {
      case Expression.Bytes bytes -> bytes;
      case Expression.Sequence(var parts) -> {
        if (!isProductive(expression)) {
          yield Expression.NOTHING;
        }
        yield new Expression.Sequence(parts.stream().map(this::prune).toList());
      }
      case Expression.Choice(var options) ->
          new Expression.Choice(
              options.stream().filter(this::isProductive).map(this::prune).toList());
      case Expression.Repeat(var part, int min, int max) -> {
        if (!isProductive(part)) {
          yield min == 0 ? Expression.EMPTY : Expression.NOTHING;
        }
        yield new Expression.Repeat(prune(part), min, max);
      }
      case Expression.Rule rule -> isProductive(rule) ? rule : Expression.NOTHING;
      case Expression.Machine machine -> {
        BitSet ends = ends(machine);
        if (!ends.get(0)) {
          yield Expression.NOTHING;
        }
        var states = new ArrayList<Expression.Machine.State>();
        for (Expression.Machine.State state : machine.states()) {
          var edges = new ArrayList<Expression.Machine.Edge>();
          for (Expression.Machine.Edge edge : state.edges()) {
            if (ends.get(edge.target()) && isProductive(edge.part())) {
              edges.add(new Expression.Machine.Edge(prune(edge.part()), edge.target()));
            }
          }
          states.add(new Expression.Machine.State(state.isFinal(), edges));
        }
        yield new Expression.Machine(states, machine.min(), machine.max());
      }
    };
  }

  /// The states from which an end can be reached, however many steps it takes.
  private BitSet ends(Expression.Machine machine) {
    List<Expression.Machine.State> states = machine.states();
    var sources = new ArrayList<List<Integer>>();
    var ends = new BitSet();
    var todo = new ArrayDeque<Integer>();
    for (int i = 0; i < states.size(); i++) {
      sources.add(new ArrayList<>());
      if (states.get(i).isFinal()) {
        ends.set(i);
        todo.add(i);
      }
    }
    for (int i = 0; i < states.size(); i++) {
      for (Expression.Machine.Edge edge : states.get(i).edges()) {
        if (isProductive(edge.part())) {
          sources.get(edge.target()).add(i);
        }
      }
    }
    while (!todo.isEmpty()) {
      for (int source : sources.get(todo.poll())) {
        if (!ends.get(source)) {
          ends.set(source);
          todo.add(source);
        }
      }
    }
    return ends;
  }
}
