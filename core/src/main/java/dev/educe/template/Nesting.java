package dev.educe.template;

import java.util.Collection;

/// How deep a list or dict is nested and how much it holds, known from when it is made, so that
/// whoever walks through one can count that beforehand and needs no limit of their own.
///
/// @param depth 1 for a list of plain values
/// @param weight the values in it, nested ones and every 64 characters included; a value that is in
///   it twice counts twice
record Nesting(int depth, long weight) {
  private static final Nesting PLAIN = new Nesting(0, 1);

  /// Schemas of tools are some ten levels deep; the stack bears more than this.
  private static final int DEPTH_MAX = 200;

  private static final int UNITS_PER_WEIGHT = 64;

  /// That of what holds these values.
  ///
  /// @throws TemplateException if it is more than [#DEPTH_MAX] levels deep
  static Nesting above(Collection<Value> values) {
    int depth = 0;
    long weight = 1;
    for (Value value : values) {
      var nesting = of(value);
      depth = Math.max(depth, nesting.depth);
      weight = Math.min(Long.MAX_VALUE / 4, weight + nesting.weight);
    }
    if (depth >= DEPTH_MAX) {
      throw new TemplateException("a value is nested more than " + DEPTH_MAX + " levels deep");
    }
    return new Nesting(depth + 1, weight);
  }

  static Nesting of(Value value) {
    return switch (value) {
      case Seq seq -> seq.nesting();
      case Dict dict -> dict.nesting();
      case View view -> view.nesting();
      case Text text -> new Nesting(0, 1 + text.string().length() / UNITS_PER_WEIGHT);
      default -> PLAIN;
    };
  }

  /// About how many values and characters there are in a value.
  static long units(Value value) {
    return Math.min(Integer.MAX_VALUE, of(value).weight) * UNITS_PER_WEIGHT;
  }

  /// What is held by one that has these two parts.
  Nesting and(Nesting other) {
    return new Nesting(Math.max(depth, other.depth), weight + other.weight);
  }
}
