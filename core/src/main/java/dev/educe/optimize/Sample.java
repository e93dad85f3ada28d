package dev.educe.optimize;

/// A text that models are measured on, in chunks of as many tokens as they read at once.
///
/// @param name what results call it: its file
/// @param firstChunk chunks before this one are left out
/// @param chunksMax chunks that are read at most
public record Sample(String name, String text, int firstChunk, int chunksMax) {
  /// @throws IllegalArgumentException if a number is out of range
  public Sample {
    if (firstChunk < 0 || chunksMax < 1) {
      throw new IllegalArgumentException(
          "firstChunk must not be negative and chunksMax positive, got %,d and %,d"
              .formatted(firstChunk, chunksMax));
    }
  }

  /// The whole text.
  public static Sample of(String name, String text) {
    return new Sample(name, text, 0, Integer.MAX_VALUE);
  }

  public Sample withFirstChunk(int firstChunk) {
    return new Sample(name, text, firstChunk, chunksMax);
  }

  public Sample withChunksMax(int chunksMax) {
    return new Sample(name, text, firstChunk, chunksMax);
  }
}
