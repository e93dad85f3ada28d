package dev.educe.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// A set of byte strings, as a tree: what every front end makes and [ProgramCompiler] lowers.
///
/// Immutable; a part may stand in several places.
sealed interface Expression {
  /// No upper bound of a [Repeat].
  int UNBOUNDED = Integer.MAX_VALUE;

  /// The empty text.
  Expression EMPTY = new Sequence(List.of());

  /// No text at all.
  Expression NOTHING = new Choice(List.of());

  /// One byte of a set.
  record Bytes(ByteSet set) implements Expression {}

  /// One after the other.
  record Sequence(List<Expression> parts) implements Expression {
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /// Any one of them.
  record Choice(List<Expression> options) implements Expression {
    public Choice {
      options = List.copyOf(options);
    }
  }

  /// A part `min` to `max` times, counted, however large the numbers are.
  ///
  /// @param max at least `min`, or [#UNBOUNDED]
  record Repeat(Expression part, int min, int max) implements Expression {}

  /// Whatever a rule of the grammar says; rules may refer to each other in cycles.
  record Rule(String name) implements Expression {}

  /// A graph of parts, whose steps may be counted: what a pattern together with a length comes to,
  /// or the properties of an object. Where steps are counted, no part may be empty.
  ///
  /// @param states the first is the start
  /// @param min steps at least
  /// @param max steps at most, or [#UNBOUNDED]
  record Machine(List<State> states, int min, int max) implements Expression {
    public Machine {
      states = List.copyOf(states);
    }

    /// @param isFinal whether the text may end here
    record State(boolean isFinal, List<Edge> edges) {
      public State {
        edges = List.copyOf(edges);
      }
    }

    /// Whether the number of steps means anything.
    boolean isCounted() {
      return min > 0 || max != UNBOUNDED;
    }

    /// @param part what is read on the way, such as one character
    record Edge(Expression part, int target) {}
  }

  /// The UTF-8 bytes of a text.
  static Expression literal(String text) {
    var bytes = new ArrayList<Expression>();
    for (byte value : text.getBytes(StandardCharsets.UTF_8)) {
      bytes.add(new Bytes(ByteSet.of(value)));
    }
    return sequence(bytes);
  }

  /// One after the other; sequences among the parts are laid open.
  static Expression sequence(List<Expression> parts) {
    var flat = new ArrayList<Expression>(parts.size());
    for (Expression part : parts) {
      if (part instanceof Sequence inner) {
        flat.addAll(inner.parts);
      } else {
        flat.add(part);
      }
    }
    return flat.size() == 1 ? flat.getFirst() : new Sequence(flat);
  }

  /// One after the other.
  static Expression sequence(Expression... parts) {
    return sequence(List.of(parts));
  }

  /// Any one of them; choices among the options are laid open.
  static Expression choice(List<Expression> options) {
    var flat = new ArrayList<Expression>(options.size());
    for (Expression option : options) {
      if (option instanceof Choice inner) {
        flat.addAll(inner.options);
      } else {
        flat.add(option);
      }
    }
    return flat.size() == 1 ? flat.getFirst() : new Choice(flat);
  }

  /// Any one of them.
  static Expression choice(Expression... options) {
    return choice(List.of(options));
  }

  /// It, or nothing.
  static Expression optional(Expression part) {
    return new Repeat(part, 0, 1);
  }

  /// Any number of it.
  static Expression star(Expression part) {
    return new Repeat(part, 0, UNBOUNDED);
  }
}
