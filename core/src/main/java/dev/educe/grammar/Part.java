package dev.educe.grammar;

import java.util.List;

/// A piece of what a model may write: put together by [Grammar#of], for the formats in which
/// families of models call tools.
public sealed interface Part {
  /// No upper bound of a [Repeat].
  int UNBOUNDED = Expression.UNBOUNDED;

  /// Exactly this text.
  record Text(String text) implements Part {}

  /// The token of this name that is never text, such as `<|python_tag|>`.
  record Special(String piece) implements Part {}

  /// JSON that a schema admits.
  ///
  /// @param name what messages call the schema, such as the tool's name; empty for none
  record Json(String name, String schema, SchemaOptions options) implements Part {}

  /// Text that a regular expression matches from beginning to end.
  record Pattern(String regex) implements Part {}

  /// Text in which none of these triggers occurs; without triggers, any text. It may be empty.
  record Free(List<String> triggers) implements Part {
    public Free {
      triggers = List.copyOf(triggers);
    }
  }

  /// One behind the other.
  record Sequence(List<Part> parts) implements Part {
    public Sequence {
      parts = List.copyOf(parts);
    }
  }

  /// Any one of them.
  record Choice(List<Part> options) implements Part {
    public Choice {
      options = List.copyOf(options);
    }
  }

  /// A part `min` to `max` times, `max` being at least `min`, or [#UNBOUNDED].
  record Repeat(Part part, int min, int max) implements Part {}

  /// One behind the other.
  static Part sequence(Part... parts) {
    return new Sequence(List.of(parts));
  }

  /// Any one of them.
  static Part choice(Part... options) {
    return new Choice(List.of(options));
  }

  /// It, or nothing.
  static Part optional(Part part) {
    return new Repeat(part, 0, 1);
  }
}
