package dev.educe.engine;

/// Who guesses what comes next, and how much of it steps compute.
///
/// @param drafter who guesses; the engine's from now on, which closes it
/// @param guessesMax how many guesses of a sequence a step computes, at most
/// @param adapts whether only as many are computed as are likely to save time; else all that there
///   is room for, to test and to measure
public record Speculation(Drafter drafter, int guessesMax, boolean adapts) {
  /// Nobody guesses.
  public static final Speculation NONE = new Speculation(Drafter.NONE, 1, true);

  private static final int GUESSES_MAX = 8;

  /// @throws IllegalArgumentException if the number is not from 1 to 63
  public Speculation {
    if (guessesMax < 1 || guessesMax >= StepTimes.ROWS_MAX) {
      throw new IllegalArgumentException(
          "guessesMax must be 1 to %d, got %d".formatted(StepTimes.ROWS_MAX - 1, guessesMax));
    }
  }

  /// As many guesses as are likely to save time, at most 8.
  public static Speculation of(Drafter drafter) {
    return new Speculation(drafter, GUESSES_MAX, true);
  }
}
