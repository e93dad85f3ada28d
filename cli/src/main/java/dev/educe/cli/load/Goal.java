package dev.educe.cli.load;

import java.util.Locale;

/// What an answer must keep to be worth something: a time that one of its figures may have at most.
///
/// @param figure which
/// @param millisMax at most
public record Goal(Figure figure, double millisMax) {
  /// The times of an answer.
  public enum Figure {
    /// To the first text.
    TTFT,
    /// Mean of a token after the first.
    TPOT,
    /// To the end.
    E2E;

    double millis(Reply reply) {
      return switch (this) {
        case TTFT -> reply.firstNanos() / 1e6;
        case TPOT -> reply.tokenNanos() / 1e6;
        case E2E -> reply.totalNanos() / 1e6;
      };
    }
  }

  /// Reads `ttft:200`.
  ///
  /// @throws IllegalArgumentException if it is no figure and number
  public static Goal of(String text) {
    String[] parts = text.split(":", 2);
    for (Figure figure : Figure.values()) {
      if (parts.length == 2
          && figure.name().toLowerCase(Locale.ROOT).equals(parts[0])
          && parts[1].matches("[0-9]{1,9}(\\.[0-9]{1,6})?")) {
        return new Goal(figure, Double.parseDouble(parts[1]));
      }
    }
    throw new IllegalArgumentException(
        "a goal is ttft, tpot or e2e, a colon and milliseconds, as ttft:200, got " + text);
  }

  boolean isMet(Reply reply) {
    return figure.millis(reply) <= millisMax;
  }
}
