package dev.educe.cli.load;

/// What became of one request. Times are those of `System.nanoTime`.
///
/// @param intended when it was to be sent; what it is late by counts as its latency
/// @param sent when it was sent
/// @param first when the first text came; 0 if none did
/// @param last when the last text came; 0 if none did
/// @param end when the answer was over
/// @param gaps nanoseconds between one piece of text and the next
/// @param promptTokens as the server counted them; 0 if it did not
/// @param writtenTokens as the server counted them, or else the pieces
/// @param outcome how it ended
/// @param error what was wrong, in a few words; empty if nothing was
/// @param saysWhen whether a refusal came with `Retry-After`
public record Reply(
    long intended,
    long sent,
    long first,
    long last,
    long end,
    long[] gaps,
    int promptTokens,
    int writtenTokens,
    Outcome outcome,
    String error,
    boolean saysWhen) {
  /// How a request ended.
  public enum Outcome {
    /// Answered to the end.
    DONE,
    /// Turned away: 429 or 503.
    REFUSED,
    /// Anything else.
    FAILED
  }

  static Reply failed(long intended, long sent, String error) {
    long now = System.nanoTime();
    return new Reply(intended, sent, 0, 0, now, new long[0], 0, 0, Outcome.FAILED, error, false);
  }

  /// Nanoseconds to the first text.
  public long firstNanos() {
    return first - intended;
  }

  /// Nanoseconds to the end.
  public long totalNanos() {
    return end - intended;
  }

  /// Mean nanoseconds of a token after the first; 0 if there is none.
  public double tokenNanos() {
    return writtenTokens < 2 ? 0 : (double) (last - first) / (writtenTokens - 1);
  }
}
