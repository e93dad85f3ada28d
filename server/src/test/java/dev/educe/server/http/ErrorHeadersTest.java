package dev.educe.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import org.junit.jupiter.api.Test;

class ErrorHeadersTest {
  private static ApiError refused(long millis) {
    return ApiError.of(503, ApiError.SERVER_ERROR, "overloaded", "x").withRetryMillis(millis);
  }

  @Test
  void thoseWhoWereRefusedTogetherComeBackApart() {
    var times = new HashSet<Long>();
    for (int i = 0; i < 1_000; i++) {
      var headers = ErrorHeaders.of(refused(2_000));
      long millis = Long.parseLong(headers.get("retry-after-ms"));
      assertTrue(millis >= 2_000 && millis <= 3_000, headers.toString());
      assertEquals(Math.ceilDiv(millis, 1_000), Long.parseLong(headers.get("retry-after")));
      times.add(millis);
    }
    assertTrue(times.size() > 300, times.size() + " times");
  }

  /// Clients do not come back at all if they would have to wait longer.
  @Test
  void nobodyIsSentAwayForLongerThanClientsWait() {
    assertEquals("120", ErrorHeaders.of(refused(10_000_000)).get("retry-after"));
    assertEquals("1", ErrorHeaders.of(refused(0)).get("retry-after"));
  }

  @Test
  void whoHasSpentItAllIsToldNotToTry() {
    var spent = ApiError.of(429, "insufficient_quota", "insufficient_quota", "x");
    assertEquals("false", ErrorHeaders.of(spent).get("x-should-retry"));
  }
}
