package dev.educe.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// Which rules use which.
final class RuleReferences {
  // Rules looked at anew; a grammar that takes more was made to.
  private static final long VISITS_MAX = 2_000_000;

  private RuleReferences() {}

  /// Finds the rules of which something holds that follows from the same of the rules they use.
  ///
  /// @param found added to, and read by `holds`
  /// @throws GrammarException if that takes too long
  static void fixpoint(
      Map<String, Expression> rules, Set<String> found, Predicate<Expression> holds) {
    var users = new HashMap<String, List<String>>();
    rules.forEach((name, body) -> {
      var used = new LinkedHashSet<String>();
      collect(body, used);
      used.forEach(rule -> users.computeIfAbsent(rule, _ -> new ArrayList<>()).add(name));
    });
    Set<String> round = new LinkedHashSet<>(rules.keySet());
    long visits = 0;
    while (!round.isEmpty()) {
      Interruption.check();
      var next = new LinkedHashSet<String>();
      for (String name : round) {
        if (++visits > VISITS_MAX) {
          throw new GrammarException("the grammar's rules are too entangled; simplify them");
        }
        if (!found.contains(name) && holds.test(rules.get(name))) {
          found.add(name);
          next.addAll(users.getOrDefault(name, List.of()));
        }
      }
      next.removeAll(found);
      round = next;
    }
  }

  private static void collect(Expression expression, Set<String> target) {
    switch (expression) {
      case Expression.Bytes _ -> {}
      case Expression.Sequence(var parts) -> parts.forEach(part -> collect(part, target));
      case Expression.Choice(var options) -> options.forEach(option -> collect(option, target));
      case Expression.Repeat(var part, int _, int _) -> collect(part, target);
      case Expression.Rule(String name) -> target.add(name);
      case Expression.Machine machine ->
          machine
              .states()
              .forEach(state -> state.edges().forEach(edge -> collect(edge.part(), target)));
    }
  }
}
