package dev.educe.server.http;

/// How much a caller may ask for; 0 is no limit.
///
/// @param requestsPerMinute how many requests
/// @param tokensPerMinute how many tokens, read and written
/// @param concurrent how many requests at once
public record Quota(long requestsPerMinute, long tokensPerMinute, int concurrent) {
  /// No limits.
  public static final Quota NONE = new Quota(0, 0, 0);

  /// @throws IllegalArgumentException if a number is negative
  public Quota {
    if (requestsPerMinute < 0 || tokensPerMinute < 0 || concurrent < 0) {
      throw new IllegalArgumentException(
          "limits must not be negative, got %d, %d and %d"
              .formatted(requestsPerMinute, tokensPerMinute, concurrent));
    }
  }
}
