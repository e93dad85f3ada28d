package dev.educe.server.access;

import dev.educe.server.http.ApiError;
import dev.educe.server.http.ApiException;
import dev.educe.server.http.Quota;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/// What is left to those who share a quota. Thread-safe.
///
/// Tokens are reserved before work begins, at what it may cost at most, and what was not used is
/// given back at its end: many requests at once cannot spend the same rest.
public final class Budget {
  /// The budget of those without a quota.
  public static final Budget UNLIMITED = new Budget(Quota.NONE, System::nanoTime);

  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final long BUSY_MILLIS = 1_000;

  private final Quota quota;
  private final LongSupplier clock;
  private final TokenBucket requests;
  private final TokenBucket tokens;
  private int underWay;

  Budget(Quota quota, LongSupplier clock) {
    this.quota = quota;
    this.clock = clock;
    this.requests = new TokenBucket(Math.max(1, quota.requestsPerMinute()), clock.getAsLong());
    this.tokens = new TokenBucket(Math.max(1, quota.tokensPerMinute()), clock.getAsLong());
  }

  /// Begins a request; [#leave] ends it.
  ///
  /// @throws ApiException if there were too many in this minute, or too many are under way
  synchronized void enter() {
    if (quota.concurrent() > 0 && underWay >= quota.concurrent()) {
      throw refused(
          "concurrent requests", quota.concurrent(), "%,d".formatted(underWay), BUSY_MILLIS);
    }
    if (quota.requestsPerMinute() > 0) {
      long now = clock.getAsLong();
      if (!requests.has(1, now)) {
        throw refused(
            "requests per minute",
            quota.requestsPerMinute(),
            "all of them",
            requests.nanosUntil(1, now) / NANOS_PER_MILLI + 1);
      }
      requests.take(1);
    }
    underWay++;
  }

  synchronized void leave() {
    underWay--;
  }

  /// Sets tokens aside.
  ///
  /// @param count what the request may take at most
  /// @param canWait whether it leaves half of a minute's worth to those that cannot
  /// @return what was set aside, to be settled when it is known what it took
  /// @throws ApiException if there are not as many left
  public synchronized Reservation reserve(long count, boolean canWait) {
    if (quota.tokensPerMinute() == 0) {
      return _ -> {};
    }
    long now = clock.getAsLong();
    // A request for more than a minute's worth waits for a full bucket, and leaves a debt.
    long left = canWait ? quota.tokensPerMinute() / 2 : 0;
    long needed = Math.min(count, quota.tokensPerMinute() - left) + left;
    if (!tokens.has(needed, now)) {
      throw refused(
          "tokens per minute",
          quota.tokensPerMinute(),
          "%,d, and this request asks for up to %,d"
              .formatted(quota.tokensPerMinute() - tokens.left(now), count),
          tokens.nanosUntil(needed, now) / NANOS_PER_MILLI + 1);
    }
    tokens.take(count);
    return used -> settle(count - used);
  }

  private synchronized void settle(long rest) {
    tokens.giveBack(rest);
  }

  /// Tokens that were set aside.
  @FunctionalInterface
  public interface Reservation {
    /// Gives back what was not used. Once.
    ///
    /// @param used how many tokens it took
    void settle(long used);
  }

  /// What clients are told of it, in OpenAI's headers; nothing of what is not limited.
  public synchronized Map<String, String> headers() {
    var headers = new LinkedHashMap<String, String>();
    long now = clock.getAsLong();
    if (quota.requestsPerMinute() > 0) {
      put(headers, "requests", quota.requestsPerMinute(), requests, now);
    }
    if (quota.tokensPerMinute() > 0) {
      put(headers, "tokens", quota.tokensPerMinute(), tokens, now);
    }
    return headers;
  }

  private static void put(
      Map<String, String> headers, String what, long limit, TokenBucket bucket, long now) {
    headers.put("x-ratelimit-limit-" + what, Long.toString(limit));
    headers.put("x-ratelimit-remaining-" + what, Long.toString(bucket.left(now)));
    headers.put("x-ratelimit-reset-" + what, duration(bucket.nanosUntilFull(now)));
  }

  /// A time as OpenAI's headers have it: `120ms`, `1.5s`, `6m0s`.
  static String duration(long nanos) {
    long millis = Math.ceilDiv(nanos, NANOS_PER_MILLI);
    if (millis < 1_000) {
      return millis + "ms";
    }
    long minutes = millis / 60_000;
    double seconds = millis % 60_000 / 1e3;
    String rest = String.format(Locale.ROOT, "%.3f", seconds).replaceFirst("\\.?0+$", "") + "s";
    return minutes == 0 ? rest : minutes + "m" + rest;
  }

  /// Whether it is as good as new, so that nothing is lost by forgetting it.
  synchronized boolean isIdle() {
    long now = clock.getAsLong();
    return underWay == 0 && requests.nanosUntilFull(now) == 0 && tokens.nanosUntilFull(now) == 0;
  }

  private static ApiException refused(String of, long limit, String used, long retryMillis) {
    return new ApiException(
        ApiError.of(
                429,
                "rate_limit_error",
                "rate_limit_exceeded",
                "Rate limit reached for %s: limit %,d, used %s. Please try again in %s."
                    .formatted(of, limit, used, duration(retryMillis * NANOS_PER_MILLI)))
            .withRetryMillis(retryMillis));
  }
}
