package dev.educe.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which rules can be the empty text, and what follows from that.
///
/// A repetition of something that may be empty could turn without reading a byte, and a rule that
/// begins with itself could call itself without end. The first is rewritten, the second refused;
/// after that every byte is found after a bounded number of steps.
final class Nullability {
  /// What the rule that is a rule's texts but for the empty one is called.
  private static final String NON_EMPTY = "\u0000";

  private final Map<String, Expression> rules;
  private final Set<String> nullable = new HashSet<>();

  Nullability(Map<String, Expression> rules) {
    this.rules = rules;
    RuleReferences.fixpoint(rules, nullable, this::isNullable);
  }

  boolean isNullable(Expression expression) {
    return switch (expression) {
      case Expression.Bytes _ -> false;
      case Expression.Sequence(var parts) -> parts.stream().allMatch(this::isNullable);
      case Expression.Choice(var options) -> options.stream().anyMatch(this::isNullable);
      case Expression.Repeat(var part, int min, int _) -> min == 0 || isNullable(part);
      case Expression.Rule(String name) ->
          name.endsWith(NON_EMPTY) ? false : nullable.contains(name);
      case Expression.Machine machine ->
          machine.min() == 0
              && starts(machine).stream().anyMatch(Expression.Machine.State::isFinal);
    };
  }

  /// The states where a machine is before it reads anything.
  private Set<Expression.Machine.State> starts(Expression.Machine machine) {
    var found = new LinkedHashSet<Integer>(List.of(0));
    var todo = new ArrayList<>(found);
    while (!todo.isEmpty()) {
      for (Expression.Machine.Edge edge : machine.states().get(todo.removeLast()).edges()) {
        if (isNullable(edge.part()) && found.add(edge.target())) {
          todo.add(edge.target());
        }
      }
    }
    var states = new LinkedHashSet<Expression.Machine.State>();
    found.forEach(state -> states.add(machine.states().get(state)));
    return states;
  }

  /// The same texts but for the empty one.
  Expression nonEmpty(Expression expression) {
    if (!isNullable(expression)) {
      return expression;
    }
    return switch (expression) {
      case Expression.Bytes bytes -> bytes;
      case Expression.Sequence(var parts) -> nonEmpty(chain(parts));
      case Expression.Choice(var options) ->
          Expression.choice(options.stream().map(this::nonEmpty).toList());
      case Expression.Repeat(var part, int _, int max) ->
          max == 0 ? Expression.NOTHING : new Expression.Repeat(nonEmpty(part), 1, max);
      case Expression.Rule(String name) -> new Expression.Rule(name + NON_EMPTY);
      case Expression.Machine machine ->
          machine.isCounted()
              ? new Expression.Machine(machine.states(), 1, machine.max())
              : doubled(machine);
    };
  }

  private static Expression.Machine chain(List<Expression> parts) {
    var states = new ArrayList<Expression.Machine.State>();
    for (int i = 0; i < parts.size(); i++) {
      var edge = new Expression.Machine.Edge(parts.get(i), i + 1);
      states.add(new Expression.Machine.State(false, List.of(edge)));
    }
    states.add(new Expression.Machine.State(true, List.of()));
    return new Expression.Machine(states, 0, Expression.UNBOUNDED);
  }

  /// Twice the states: first those where nothing was read yet, where no text may end.
  private Expression.Machine doubled(Expression.Machine machine) {
    int count = machine.states().size();
    var states = new ArrayList<Expression.Machine.State>();
    for (Expression.Machine.State state : machine.states()) {
      var edges = new ArrayList<Expression.Machine.Edge>();
      for (Expression.Machine.Edge edge : state.edges()) {
        edges.add(new Expression.Machine.Edge(nonEmpty(edge.part()), count + edge.target()));
        if (isNullable(edge.part())) {
          edges.add(new Expression.Machine.Edge(Expression.EMPTY, edge.target()));
        }
      }
      states.add(new Expression.Machine.State(false, edges));
    }
    for (Expression.Machine.State state : machine.states()) {
      var edges = new ArrayList<Expression.Machine.Edge>();
      for (Expression.Machine.Edge edge : state.edges()) {
        edges.add(new Expression.Machine.Edge(edge.part(), count + edge.target()));
      }
      states.add(new Expression.Machine.State(state.isFinal(), edges));
    }
    return new Expression.Machine(states, 0, Expression.UNBOUNDED);
  }

  /// What a rule's name stands for, also for names that [#nonEmpty] made.
  ///
  /// @throws GrammarException if there is no such rule
  Expression rule(String name) {
    boolean isPart = name.endsWith(NON_EMPTY);
    String plain = isPart ? name.substring(0, name.length() - NON_EMPTY.length()) : name;
    Expression body = rules.get(plain);
    if (body == null) {
      throw new GrammarException("the rule \"" + plain + "\" is used and never defined");
    }
    return isPart ? nonEmpty(body) : body;
  }

  /// Refuses rules that can begin with themselves.
  ///
  /// @throws GrammarException if there is one
  void checkLeftRecursion() {
    var first = new HashMap<String, Set<String>>();
    rules.forEach((name, body) -> {
      var found = new LinkedHashSet<String>();
      collectFirst(body, found);
      first.put(name, found);
    });
    var done = new HashSet<String>();
    for (String name : rules.keySet()) {
      walk(name, first, done);
    }
  }

  /// Depth first with a stack of its own, for grammars as deep as they are long.
  private static void walk(String root, Map<String, Set<String>> first, Set<String> done) {
    var path = new LinkedHashSet<String>();
    var todo = new ArrayList<List<String>>();
    todo.add(new ArrayList<>(List.of(root)));
    while (!todo.isEmpty()) {
      List<String> siblings = todo.getLast();
      if (siblings.isEmpty()) {
        todo.removeLast();
        if (!path.isEmpty()) {
          done.add(path.removeLast());
        }
        continue;
      }
      String name = siblings.removeLast();
      if (path.contains(name)) {
        throw new GrammarException(
            "the rule \"" + name + "\" begins with itself; write it so that it ends with itself");
      }
      if (!done.contains(name)) {
        path.add(name);
        todo.add(new ArrayList<>(first.getOrDefault(name, Set.of())));
      }
    }
  }

  private void collectFirst(Expression expression, Set<String> target) {
    switch (expression) {
      case Expression.Bytes _ -> {}
      case Expression.Machine machine -> {
        for (Expression.Machine.State state : starts(machine)) {
          state.edges().forEach(edge -> collectFirst(edge.part(), target));
        }
      }
      case Expression.Sequence(var parts) -> {
        for (Expression part : parts) {
          collectFirst(part, target);
          if (!isNullable(part)) {
            return;
          }
        }
      }
      case Expression.Choice(var options) -> options.forEach(o -> collectFirst(o, target));
      case Expression.Repeat(var part, int _, int max) -> {
        if (max > 0) {
          collectFirst(part, target);
        }
      }
      case Expression.Rule(String name) -> target.add(name);
    }
  }
}
