package dev.educe.server.access;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// Counts wrong keys by where they came from, and says when a source has tried too many. Bounded
/// and thread-safe.
final class FailedTries {
  private static final int PER_MINUTE = 20;
  private static final int SOURCES_MAX = 10_000;

  private final LongSupplier clock;
  private final Map<String, TokenBucket> sources =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, TokenBucket> eldest) {
          return size() > SOURCES_MAX;
        }
      };

  FailedTries(LongSupplier clock) {
    this.clock = clock;
  }

  /// Notes a wrong key.
  ///
  /// @return for how many milliseconds the source should stay away; 0 if it may try again
  synchronized long failed(String source) {
    long now = clock.getAsLong();
    var bucket = sources.computeIfAbsent(source, _ -> new TokenBucket(PER_MINUTE, now));
    if (bucket.has(1, now)) {
      bucket.take(1);
      return 0;
    }
    return bucket.nanosUntil(1, now) / 1_000_000 + 1;
  }
}
