package dev.educe.template;

/// How much a rendering may do: a constant part, and a part for what it is given.
///
/// @param operations steps of the interpreter; copying 64 characters or 4 list items is one, too
/// @param operationsPerUnit further steps for each unit of the arguments: a value, or a character
/// @param characters the length of the output, and of any text on the way, in UTF-16 units
/// @param charactersPerUnit further characters for each unit of the arguments
public record Bounds(
    long operations, long operationsPerUnit, long characters, long charactersPerUnit) {
  /// Bears the longest conversations, and ends what never ends within some hundredths of a second,
  /// or a tenth where no code is loaded and compiled yet. Real templates do less than two
  /// operations for each unit of a short conversation.
  public static final Bounds DEFAULT = new Bounds(100_000, 64, 1 << 20, 4);

  /// @throws IllegalArgumentException if one is negative or above 2^40
  public Bounds {
    for (long bound : new long[] {operations, operationsPerUnit, characters, charactersPerUnit}) {
      if (bound < 0 || bound > 1L << 40) {
        throw new IllegalArgumentException("a bound must be 0 to 2^40, got " + bound);
      }
    }
  }

  /// @param units of the arguments
  Meter meter(long units) {
    long weight = Math.min(units, 1L << 22);
    return new Meter(
        operations + operationsPerUnit * weight,
        Math.min(Integer.MAX_VALUE / 2, characters + charactersPerUnit * weight));
  }
}
