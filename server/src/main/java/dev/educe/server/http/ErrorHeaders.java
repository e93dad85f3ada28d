package dev.educe.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// The headers that go with an error, which tell clients whether and when to try again.
final class ErrorHeaders {
  // Clients give up rather than wait longer.
  private static final long RETRY_SECONDS_MAX = 120;

  private ErrorHeaders() {}

  static Map<String, String> of(ApiError error) {
    var headers = new LinkedHashMap<String, String>();
    error.retryMillis().ifPresent(millis -> putRetry(headers, millis));
    switch (error.status()) {
      case 401 -> headers.put("www-authenticate", "Bearer");
      case 408, 413, 431 -> headers.put("connection", "close");
      default -> {}
    }
    if (error.code().equals("insufficient_quota")) {
      headers.put("x-should-retry", "false");
    }
    return headers;
  }

  /// Up to half as long again, so that those who were refused together do not come back together.
  private static void putRetry(Map<String, String> headers, long millis) {
    long jittered =
        Math.clamp(
            millis + ThreadLocalRandom.current().nextLong(millis / 2 + 1),
            1,
            RETRY_SECONDS_MAX * 1_000);
    headers.put("retry-after", Long.toString(Math.ceilDiv(jittered, 1_000)));
    headers.put("retry-after-ms", Long.toString(jittered));
  }
}
