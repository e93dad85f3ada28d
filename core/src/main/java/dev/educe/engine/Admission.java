package dev.educe.engine;

import dev.educe.engine.RefusedException.Kind;
import java.util.HashMap;
import java.util.Map;

/// Decides which requests are taken on: not those that can never run, and not more than may wait.
///
/// A crowd that comes at once may wait as long as the options say. While many more come than are
/// begun, no more than [#STORM_NANOS] of work is kept waiting: a longer queue would answer nobody
/// sooner, and would still be there when the storm is over. Clients who each send their next
/// request after their last never are a storm, however many they are.
///
/// Thread-safe: callers ask on their own threads.
final class Admission {
  private static final long RETRY_MILLIS_MIN = 100;
  private static final long RETRY_MILLIS_MAX = 40_000;
  private static final long NANOS_PER_MILLI = 1_000_000;
  private static final int GAPS_MAX = 64;

  // Arrivals are held against starts over about so many moments at which some began. So many are no
  // storm yet, twice as many without a start are.
  private static final int STORM_STARTS = 16;
  private static final int STORM_RATIO = 2;
  private static final long STORM_NANOS = 2_000_000_000L;

  // Of work that takes long, so many may wait even in a storm.
  private static final int STORM_WAITING = 4;

  private final EngineOptions options;
  private final int cacheTokens;
  private final Map<String, Integer> waitingByTenant = new HashMap<>();
  private int waiting;
  private boolean isClosed;
  private double startGapNanos; // how long the queue takes to move by one, over the last gaps
  private int gaps;
  private long lastStart = -1; // if somebody has waited ever since
  private long lastMoment = -1; // at which some began
  private double starts; // of late: each counts less with every moment after it
  private double arrivals; // counted in the same way
  private long promised = Long.MIN_VALUE; // when the last of those who were refused may come back

  Admission(EngineOptions options, int cacheTokens) {
    this.options = options;
    this.cacheTokens = cacheTokens;
  }

  /// Takes a request on.
  ///
  /// @return how many tokens it may have in all
  /// @throws RefusedException if it can never run, too many wait already, or it could not begin
  ///   before its own end
  synchronized int admit(Work work, long now) {
    checkOpen();
    int end = end(work);
    arrived();
    String tenant = work.key().tenant();
    long own = Scheduler.shorter(work.waitNanosMax(), work.nanosMax());
    checkRoom(tenant, Scheduler.shorter(own, waitNanosMax()), now);
    waiting++;
    waitingByTenant.merge(tenant, 1, Integer::sum);
    return end;
  }

  /// Refuses what would be refused whatever it asks for. One that is let through here has not
  /// arrived yet.
  ///
  /// @throws RefusedException if too many wait already
  synchronized void check(String tenant, long now) {
    checkOpen();
    try {
      checkRoom(tenant, waitNanosMax(), now);
    } catch (RefusedException refused) {
      arrived();
      throw refused;
    }
  }

  private void checkOpen() {
    if (isClosed) {
      throw RefusedException.closed();
    }
  }

  private void arrived() {
    arrivals = Math.min(arrivals + 1, 2 * STORM_RATIO * Math.max(starts, STORM_STARTS));
  }

  /// @param waitMax how long it may wait; 0 for any time
  private void checkRoom(String tenant, long waitMax, long now) {
    if (waiting >= options.waitingMax()) {
      int limit = options.waitingMax();
      throw full(
          Kind.QUEUE_FULL, limit, limit + " requests wait already, as many as may wait", now);
    }
    if (waitingByTenant.getOrDefault(tenant, 0) >= options.tenantWaitingMax()) {
      int limit = options.tenantWaitingMax();
      throw full(
          Kind.TENANT_QUEUE_FULL,
          limit,
          limit + " requests of this tenant wait already, as many as may wait",
          now);
    }
    if (waitMax > 0 && (long) (startGapNanos * waiting) > waitMax) {
      long limit = waitMax / NANOS_PER_MILLI;
      throw full(
          Kind.QUEUE_FULL,
          limit,
          "the wait would be longer than " + limit + " ms, as long as it may be",
          now);
    }
  }

  /// How long any request may wait now; 0 for any time.
  private long waitNanosMax() {
    long max = options.waitNanosMax();
    if (max > 0 && arrivals > STORM_RATIO * Math.max(starts, STORM_STARTS)) {
      max = Math.min(max, Math.max(STORM_NANOS, (long) (STORM_WAITING * startGapNanos)));
    }
    return max;
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

  /// A storm has many of these: the sentence is put together without a formatter, which would take
  /// longer than to decide.
  ///
  /// Each who is refused is told a time of their own, when those who wait and those who were told
  /// before have begun: they do not come back together. Beyond the longest time that clients wait,
  /// times begin anew at half of it.
  private RefusedException full(Kind kind, long limit, String message, long now) {
    long place = Math.max(promised, now + (long) (startGapNanos * waiting));
    if (place - now > RETRY_MILLIS_MAX * NANOS_PER_MILLI) {
      place = now + RETRY_MILLIS_MAX * NANOS_PER_MILLI / 2;
    }
    promised = place + (long) startGapNanos;
    long retry = Math.clamp((place - now) / NANOS_PER_MILLI, RETRY_MILLIS_MIN, RETRY_MILLIS_MAX);
    return new RefusedException(
        kind, limit + 1, limit, retry, message + "; try again in " + retry + " ms");
  }

  /// A request has its first step.
  synchronized void started(String tenant, long now) {
    leftQueue(tenant);
    if (lastStart >= 0) {
      gaps = Math.min(gaps + 1, GAPS_MAX);
      startGapNanos += (now - lastStart - startGapNanos) / gaps;
    }
    if (now != lastMoment) {
      lastMoment = now;
      starts -= starts / STORM_STARTS;
      arrivals -= arrivals / STORM_STARTS;
    }
    starts++;
    // Where nobody waits, the time to the next start says nothing of the queue.
    lastStart = waiting > 0 ? now : -1;
    if (waiting == 0) {
      lastMoment = -1;
      starts = 0;
      arrivals = 0;
    }
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
