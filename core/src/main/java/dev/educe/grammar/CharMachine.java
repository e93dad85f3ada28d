package dev.educe.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;

/// A set of texts as a deterministic machine over characters: what patterns, lists of names and
/// ranges of numbers come to where they must be joined or taken from each other.
///
/// State 0 is the start. From every state an end can be reached, except from the start of a machine
/// that has no text at all. Immutable.
final class CharMachine {
  /// States of a machine.
  static final int STATES_MAX = 10_000;

  // Steps looked at while making a machine smaller; beyond it, it stays as it is.
  private static final long MINIMIZE_WORK_MAX = 20_000_000;

  /// One character of a set, and where it leads.
  record Edge<S>(CodePoints characters, S target) {}

  private final List<List<Edge<Integer>>> edges; // by state; no two overlap
  private final boolean[] isFinal;

  private CharMachine(List<List<Edge<Integer>>> edges, boolean[] isFinal) {
    this.edges = edges;
    this.isFinal = isFinal;
  }

  /// The machine that is found by going from a start wherever the edges lead.
  ///
  /// @param edges of a state; no two may overlap
  /// @throws GrammarException if there are more than [#STATES_MAX] states
  static <S> CharMachine explore(S start, Function<S, List<Edge<S>>> edges, Predicate<S> isFinal) {
    var numbers = new HashMap<S, Integer>();
    var order = new ArrayList<S>();
    var found = new ArrayList<List<Edge<Integer>>>();
    numbers.put(start, 0);
    order.add(start);
    for (int i = 0; i < order.size(); i++) {
      Interruption.check();
      var byTarget = new LinkedHashMap<Integer, List<int[]>>();
      for (Edge<S> edge : edges.apply(order.get(i))) {
        Integer known = numbers.putIfAbsent(edge.target, numbers.size());
        if (known == null) {
          order.add(edge.target);
          checkSize(order.size());
        }
        byTarget
            .computeIfAbsent(numbers.get(edge.target), _ -> new ArrayList<>())
            .addAll(edge.characters.ranges());
      }
      var merged = new ArrayList<Edge<Integer>>();
      byTarget.forEach((to, ranges) -> merged.add(new Edge<>(CodePoints.union(ranges), to)));
      found.add(merged);
    }
    boolean[] finals = new boolean[order.size()];
    for (int i = 0; i < finals.length; i++) {
      finals[i] = isFinal.test(order.get(i));
    }
    return new CharMachine(found, finals).trim().minimize();
  }

  private static void checkSize(int states) {
    if (states > STATES_MAX) {
      throw new GrammarException(
          "it is too large: it takes more than %,d states; simplify it".formatted(STATES_MAX));
    }
  }

  /// Exactly these texts.
  static CharMachine anyOf(Iterable<String> texts) {
    var starts = new LinkedHashSet<String>(); // all beginnings, so that each is one state
    var ends = new LinkedHashSet<String>();
    for (String text : texts) {
      ends.add(text);
      for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
        starts.add(text.substring(0, text.offsetByCodePoints(i, 1)));
        checkSize(starts.size());
      }
    }
    var next = new HashMap<String, List<Edge<String>>>();
    for (String start : starts) {
      int last = start.codePointBefore(start.length());
      String before = start.substring(0, start.length() - Character.charCount(last));
      next.computeIfAbsent(before, _ -> new ArrayList<>())
          .add(new Edge<>(CodePoints.of(last), start));
    }
    return explore("", state -> next.getOrDefault(state, List.of()), ends::contains);
  }

  /// Every text.
  static CharMachine all() {
    return explore(0, state -> List.of(new Edge<>(CodePoints.ALL, state)), _ -> true);
  }

  /// The texts that are in both.
  CharMachine and(CharMachine other) {
    record Pair(int left, int right) {}
    return explore(
        new Pair(0, 0),
        pair -> {
          var both = new ArrayList<Edge<Pair>>();
          for (Edge<Integer> left : edges.get(pair.left)) {
            for (Edge<Integer> right : other.edges.get(pair.right)) {
              CodePoints common = left.characters.and(right.characters);
              if (!common.isEmpty()) {
                both.add(new Edge<>(common, new Pair(left.target, right.target)));
              }
            }
          }
          return both;
        },
        pair -> isFinal[pair.left] && other.isFinal[pair.right]);
  }

  /// All other texts.
  CharMachine negate() {
    int sink = edges.size();
    return explore(
        0,
        state -> {
          if (state == sink) {
            return List.of(new Edge<>(CodePoints.ALL, sink));
          }
          var all = new ArrayList<>(edges.get(state));
          CodePoints rest = CodePoints.ALL;
          for (Edge<Integer> edge : all) {
            rest = rest.minus(edge.characters);
          }
          if (!rest.isEmpty()) {
            all.add(new Edge<>(rest, sink));
          }
          return all;
        },
        state -> state == sink || !isFinal[state]);
  }

  /// Whether no text is in it.
  boolean isEmpty() {
    return !isFinal[0] && edges.getFirst().isEmpty();
  }

  /// The characters of the shortest text; [Expression#UNBOUNDED] if there is none.
  int shortest() {
    int[] distances = new int[isFinal.length];
    Arrays.fill(distances, Expression.UNBOUNDED);
    distances[0] = 0;
    var todo = new ArrayDeque<Integer>(List.of(0));
    while (!todo.isEmpty()) {
      int state = todo.poll();
      if (isFinal[state]) {
        return distances[state];
      }
      for (Edge<Integer> edge : edges.get(state)) {
        if (distances[edge.target] == Expression.UNBOUNDED) {
          distances[edge.target] = distances[state] + 1;
          todo.add(edge.target);
        }
      }
    }
    return Expression.UNBOUNDED;
  }

  /// The characters of the longest text; [Expression#UNBOUNDED] if there is no such.
  int longest() {
    int[] sources = new int[isFinal.length]; // edges that lead to a state and are not yet counted
    edges.forEach(of -> of.forEach(edge -> sources[edge.target]++));
    int[] distances = new int[isFinal.length];
    var todo = new ArrayDeque<Integer>();
    if (sources[0] == 0) {
      todo.add(0);
    }
    int done = 0;
    int longest = 0;
    while (!todo.isEmpty()) {
      int state = todo.poll();
      done++;
      longest = Math.max(longest, distances[state]);
      for (Edge<Integer> edge : edges.get(state)) {
        distances[edge.target] = Math.max(distances[edge.target], distances[state] + 1);
        if (--sources[edge.target] == 0) {
          todo.add(edge.target);
        }
      }
    }
    return done == isFinal.length ? longest : Expression.UNBOUNDED; // or there is a cycle
  }

  boolean accepts(String text) {
    int state = 0;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int c = text.codePointAt(i);
      int next = -1;
      for (Edge<Integer> edge : edges.get(state)) {
        if (edge.characters.contains(c)) {
          next = edge.target;
        }
      }
      if (next < 0) {
        return false;
      }
      state = next;
    }
    return isFinal[state];
  }

  /// The texts of `min` to `max` characters, written in bytes.
  ///
  /// @param spelling how one character of a set is written
  /// @param max or [Expression#UNBOUNDED]
  Expression expression(Function<CodePoints, Expression> spelling, int min, int max) {
    var spelled = new HashMap<CodePoints, Expression>();
    var states = new ArrayList<Expression.Machine.State>();
    for (int i = 0; i < isFinal.length; i++) {
      var written = new ArrayList<Expression.Machine.Edge>();
      for (Edge<Integer> edge : edges.get(i)) {
        Expression character = spelled.computeIfAbsent(edge.characters, spelling);
        written.add(new Expression.Machine.Edge(character, edge.target));
      }
      states.add(new Expression.Machine.State(isFinal[i], written));
    }
    return new Expression.Machine(states, min, max);
  }

  /// Without the states from which no end can be reached.
  private CharMachine trim() {
    var sources = new ArrayList<List<Integer>>();
    for (int i = 0; i < isFinal.length; i++) {
      sources.add(new ArrayList<>());
    }
    for (int i = 0; i < isFinal.length; i++) {
      for (Edge<Integer> edge : edges.get(i)) {
        sources.get(edge.target).add(i);
      }
    }
    boolean[] ends = isFinal.clone();
    var todo = new ArrayDeque<Integer>();
    for (int i = 0; i < ends.length; i++) {
      if (ends[i]) {
        todo.add(i);
      }
    }
    while (!todo.isEmpty()) {
      for (int source : sources.get(todo.poll())) {
        if (!ends[source]) {
          ends[source] = true;
          todo.add(source);
        }
      }
    }
    int[] numbers = new int[ends.length];
    int count = 0;
    for (int i = 0; i < ends.length; i++) {
      numbers[i] = ends[i] || i == 0 ? count++ : -1;
    }
    return count == ends.length ? this : renumber(numbers, count);
  }

  /// With states that cannot be told apart made one. Source: Moore 1956.
  private CharMachine minimize() {
    var sets = new LinkedHashSet<CodePoints>();
    edges.forEach(of -> of.forEach(edge -> sets.add(edge.characters)));
    List<CodePoints> classes = CodePoints.partition(sets);
    int count = isFinal.length;
    if ((long) count * classes.size() > MINIMIZE_WORK_MAX / 10) {
      return this;
    }
    int[][] next = new int[count][classes.size()]; // the target, or -1
    for (int state = 0; state < count; state++) {
      for (int k = 0; k < classes.size(); k++) {
        next[state][k] = -1;
        for (Edge<Integer> edge : edges.get(state)) {
          if (edge.characters.contains(classes.get(k).first())) {
            next[state][k] = edge.target;
          }
        }
      }
    }
    int[] block = new int[count];
    for (int state = 0; state < count; state++) {
      block[state] = isFinal[state] == isFinal[0] ? 0 : 1;
    }
    int blocks = 0;
    for (long work = 0; work < MINIMIZE_WORK_MAX; work += (long) count * (classes.size() + 1)) {
      Interruption.check();
      int[] refined = refine(block, next);
      int now = Arrays.stream(refined).max().getAsInt() + 1;
      if (now == blocks) {
        return now == count ? this : renumber(refined, now);
      }
      blocks = now;
      block = refined;
    }
    return this;
  }

  private static int[] refine(int[] block, int[][] next) {
    var numbers = new HashMap<List<Integer>, Integer>();
    int[] refined = new int[block.length];
    for (int state = 0; state < block.length; state++) {
      var signature = new ArrayList<Integer>(next[state].length + 1);
      signature.add(block[state]);
      for (int target : next[state]) {
        signature.add(target < 0 ? -1 : block[target]);
      }
      numbers.putIfAbsent(signature, numbers.size());
      refined[state] = numbers.get(signature);
    }
    return refined;
  }

  /// @param numbers by state: its new number, several may share one; -1 to leave it out
  private CharMachine renumber(int[] numbers, int count) {
    var merged = new ArrayList<Map<Integer, List<int[]>>>();
    for (int i = 0; i < count; i++) {
      merged.add(null);
    }
    boolean[] finals = new boolean[count];
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] >= 0 && merged.get(numbers[i]) == null) {
        var byTarget = new LinkedHashMap<Integer, List<int[]>>();
        for (Edge<Integer> edge : edges.get(i)) {
          if (numbers[edge.target] >= 0) {
            byTarget
                .computeIfAbsent(numbers[edge.target], _ -> new ArrayList<>())
                .addAll(edge.characters.ranges());
          }
        }
        merged.set(numbers[i], byTarget);
        finals[numbers[i]] = isFinal[i];
      }
    }
    var renumbered = new ArrayList<List<Edge<Integer>>>();
    for (var byTarget : merged) {
      var of = new ArrayList<Edge<Integer>>();
      byTarget.forEach((to, ranges) -> of.add(new Edge<>(CodePoints.union(ranges), to)));
      renumbered.add(of);
    }
    return new CharMachine(renumbered, finals);
  }
}
