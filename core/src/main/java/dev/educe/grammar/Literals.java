package dev.educe.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Lists of texts as machines: each beginning that several share is there once.
final class Literals {
  private Literals() {}

  /// Any one of these texts, as UTF-8.
  static Expression anyOf(List<String> texts) {
    var sorted =
        texts.stream()
            .distinct()
            .map(text -> text.getBytes(StandardCharsets.UTF_8))
            .sorted(Arrays::compareUnsigned)
            .toList();
    var finals = new ArrayList<Boolean>(List.of(false));
    var edges = new ArrayList<List<Expression.Machine.Edge>>();
    edges.add(new ArrayList<>());
    var path = new ArrayList<Integer>(List.of(0));
    byte[] before = {};
    for (byte[] text : sorted) {
      int shared = Arrays.mismatch(before, text);
      shared = shared < 0 ? before.length : Math.min(shared, before.length);
      path.subList(shared + 1, path.size()).clear();
      for (int i = shared; i < text.length; i++) {
        int state = edges.size();
        edges
            .get(path.getLast())
            .add(new Expression.Machine.Edge(new Expression.Bytes(ByteSet.of(text[i])), state));
        edges.add(new ArrayList<>());
        finals.add(false);
        path.add(state);
      }
      finals.set(path.getLast(), true);
      before = text;
    }
    var states = new ArrayList<Expression.Machine.State>();
    for (int i = 0; i < edges.size(); i++) {
      states.add(new Expression.Machine.State(finals.get(i), edges.get(i)));
    }
    return new Expression.Machine(states, 0, Expression.UNBOUNDED);
  }
}
