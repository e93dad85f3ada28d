package dev.educe.engine;

import dev.educe.engine.RefusedException.Kind;
import java.util.HashMap;
import java.util.Map;

/// Decides which requests are taken on: not those that can never run, and not more than may wait.
///
/// Thread-safe: callers ask on their own threads.
final class Admission {
  private static final long RETRY_MILLIS_MIN = 100;
  private static final long RETRY_MILLIS_MAX = 60_000;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int GAPS_MAX = 64;

  private final EngineOptions options;
  private final int cacheTokens;
  private final Map<String, Integer> waitingByTenant = new HashMap<>();
  private int waiting;
  private boolean isClosed;
  private double startGapNanos; // how long the queue takes to move by one, over the last gaps
  private int gaps;
  private long lastStart = -1; // if somebody has waited ever since

  Admission(EngineOptions options, int cacheTokens) {
    this.options = options;
    this.cacheTokens = cacheTokens;
  }

  /// Takes a request on.
  ///
  /// @return how many tokens it may have in all
  /// @throws RefusedException if it can never run or too many wait already
  synchronized int admit(Work work) {
    if (isClosed) {
      throw RefusedException.closed();
    }
    int end = end(work);
    String tenant = work.key().tenant();
    int ofTenant = waitingByTenant.getOrDefault(tenant, 0);
    if (waiting >= options.waitingMax()) {
      throw full(
          Kind.QUEUE_FULL, options.waitingMax(), "%,d requests wait already, as many as may wait");
    }
    if (ofTenant >= options.tenantWaitingMax()) {
      throw full(
          Kind.TENANT_QUEUE_FULL,
          options.tenantWaitingMax(),
          "%,d requests of this tenant wait already, as many as may wait");
    }
    long wait = (long) (startGapNanos * waiting);
    if (options.waitNanosMax() > 0 && wait > options.waitNanosMax()) {
      throw full(
          Kind.QUEUE_FULL,
          options.waitNanosMax() / NANOS_PER_MILLI,
          "the wait would be longer than %,d ms, as long as it may be");
    }
    waiting++;
    waitingByTenant.put(tenant, ofTenant + 1);
    return end;
  }

  private int end(Work work) {
    int prompt = work.prompt().length;
    int context = options.contextLength();
    boolean writes = work.tokensMax() > 0;
    if (writes ? prompt >= context : prompt > context) {
      throw new RefusedException(
          Kind.PROMPT_TOO_LONG,
          prompt,
          context,
          0,
          "the prompt has %,d tokens and %s the context of %,d"
              .formatted(prompt, writes ? "leaves no room for an answer in" : "exceeds", context));
    }
    int end = prompt + Math.min(work.tokensMax(), context - prompt);
    if (end > cacheTokens) {
      throw new RefusedException(
          Kind.CACHE_TOO_SMALL,
          end,
          cacheTokens,
          0,
          "the prompt's %,d tokens and up to %,d generated ones do not fit the cache of %,d; ask"
                  .formatted(prompt, end - prompt, cacheTokens)
              + " for fewer");
    }
    return end;
  }

  private RefusedException full(Kind kind, long limit, String message) {
    long retry =
        Math.clamp(
            (long) (startGapNanos * waiting / NANOS_PER_MILLI), RETRY_MILLIS_MIN, RETRY_MILLIS_MAX);
    return new RefusedException(
        kind, limit + 1, limit, retry, (message + "; try again in %,d ms").formatted(limit, retry));
  }

  /// A request has its first step.
  synchronized void started(String tenant, long now) {
    leftQueue(tenant);
    if (lastStart >= 0) {
      gaps = Math.min(gaps + 1, GAPS_MAX);
      startGapNanos += (now - lastStart - startGapNanos) / gaps;
    }
    // Where nobody waits, the time to the next start says nothing of the queue.
    lastStart = waiting > 0 ? now : -1;
  }

  /// A request waits no longer.
  synchronized void leftQueue(String tenant) {
    waiting--;
    waitingByTenant.merge(tenant, -1, (a, b) -> a + b == 0 ? null : a + b);
  }

  synchronized int waiting() {
    return waiting;
  }

  /// From now on, nothing is taken on.
  ///
  /// @return whether it was open
  synchronized boolean close() {
    boolean wasOpen = !isClosed;
    isClosed = true;
    return wasOpen;
  }
}
