package dev.educe.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// A regular expression, as a tree; read by [RegexReader].
sealed interface Regex {
  /// One character of a set.
  record Characters(CodePoints set) implements Regex {}

  /// One after the other.
  record Sequence(List<Regex> parts) implements Regex {}

  /// Any one of them.
  record Choice(List<Regex> options) implements Regex {}

  /// A part `min` to `max` times.
  ///
  /// @param max at least `min`, or [Expression#UNBOUNDED]
  record Repeat(Regex part, int min, int max) implements Regex {}

  /// The beginning or the end of the text.
  record Anchor(boolean isEnd) implements Regex {}

  /// The regular expression that a text says.
  ///
  /// @throws GrammarException if it is wrong or cannot be held, with the position
  static Regex read(String text) {
    return new RegexReader(text).read();
  }

  /// The texts in which it is found; anchors hold it to their beginning or end.
  default Regex searched() {
    var any = new Repeat(new Characters(CodePoints.ALL), 0, Expression.UNBOUNDED);
    return new Sequence(List.of(any, this, any));
  }

  /// Its texts, written in bytes: as a machine of few states, or with counters where that would be
  /// too large.
  ///
  /// @param spelling how one character of a set is written
  /// @throws GrammarException if it is too large
  default Expression expression(Function<CodePoints, Expression> spelling) {
    CharMachine machine;
    try {
      machine = RegexMachine.of(this);
    } catch (GrammarException tooLarge) {
      return new Counted(spelling).write(this);
    }
    return machine.expression(spelling, 0, Expression.UNBOUNDED);
  }

  /// Writes regular expressions with large counts.
  final class Counted {
    private static final int INNER_MAX = 16; // of a count within a count

    private final Function<CodePoints, Expression> spelling;

    Counted(Function<CodePoints, Expression> spelling) {
      this.spelling = spelling;
    }

    Expression write(Regex regex) {
      if (!(regex instanceof Choice(var options))) {
        return expression(unanchored(regex), false);
      }
      return Expression.choice(
          options.stream().map(option -> expression(unanchored(option), false)).toList());
    }

    /// Without the anchors at its ends, and what they forbid.
    private static Regex unanchored(Regex regex) {
      if (regex instanceof Anchor) {
        return new Sequence(List.of());
      }
      if (!(regex instanceof Sequence(var found))) {
        return regex;
      }
      var parts = flat(found);
      for (int i = 0; i < parts.size(); i++) {
        if (parts.get(i).equals(new Anchor(false)) && skips(parts.subList(0, i))) {
          parts.subList(0, i + 1).clear();
          i = -1;
        }
      }
      for (int i = parts.size() - 1; i >= 0; i--) {
        if (parts.get(i).equals(new Anchor(true)) && skips(parts.subList(i + 1, parts.size()))) {
          parts.subList(i, parts.size()).clear();
          i = parts.size();
        }
      }
      return new Sequence(parts);
    }

    private static List<Regex> flat(List<Regex> parts) {
      var flat = new ArrayList<Regex>();
      for (Regex part : parts) {
        if (part instanceof Sequence(var inner)) {
          flat.addAll(flat(inner));
        } else {
          flat.add(part);
        }
      }
      return flat;
    }

    /// Whether these can all be nothing, as they must where an anchor shuts them out.
    private static boolean skips(List<Regex> parts) {
      return parts.stream().allMatch(p -> p instanceof Repeat(Regex _, int min, int _) && min == 0);
    }

    private Expression expression(Regex regex, boolean isCounted) {
      return switch (regex) {
        case Characters(CodePoints set) -> spelling.apply(set);
        case Sequence(var parts) ->
            Expression.sequence(parts.stream().map(p -> expression(p, isCounted)).toList());
        case Choice(var options) ->
            Expression.choice(options.stream().map(o -> expression(o, isCounted)).toList());
        case Repeat(var part, int min, int max) -> {
          boolean isCount = min > 1 || max > 1 && max < Expression.UNBOUNDED;
          if (isCount && isCounted && (min > INNER_MAX || max > INNER_MAX)) {
            throw new GrammarException(
                "the regular expression is too large: it counts to more than %d within a count"
                    .formatted(INNER_MAX));
          }
          yield new Expression.Repeat(expression(part, isCounted || isCount), min, max);
        }
        case Anchor _ ->
            throw new GrammarException(
                "the regular expression is too large for an anchor that is not at its ends");
      };
    }
  }
}
