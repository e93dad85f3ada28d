package dev.educe.server.access;

/// A budget that fills again with time, up to a minute's worth.
///
/// Not thread-safe: [Budgets] holds a lock. Times are of `System.nanoTime`, which no change of the
/// clock moves.
final class TokenBucket {
  private static final double NANOS_PER_MINUTE = 60e9;

  private final double perMinute;
  private double left;
  private long filledNanos;

  TokenBucket(long perMinute, long nowNanos) {
    this.perMinute = perMinute;
    this.left = perMinute;
    this.filledNanos = nowNanos;
  }

  /// How much is there, in whole units; never negative.
  long left(long nowNanos) {
    fill(nowNanos);
    return Math.max(0, (long) left);
  }

  boolean has(long amount, long nowNanos) {
    fill(nowNanos);
    return left >= amount;
  }

  /// Takes what [#has] found, or more: then it is some time in debt.
  void take(long amount) {
    left -= amount;
  }

  void giveBack(long amount) {
    left = Math.min(perMinute, left + amount);
  }

  /// How long until there is this much.
  long nanosUntil(double amount, long nowNanos) {
    fill(nowNanos);
    return left >= amount ? 0 : (long) Math.ceil((amount - left) * NANOS_PER_MINUTE / perMinute);
  }

  /// How long until it is full.
  long nanosUntilFull(long nowNanos) {
    return nanosUntil(perMinute, nowNanos);
  }

  private void fill(long nowNanos) {
    long elapsed = Math.max(0, nowNanos - filledNanos);
    left = Math.min(perMinute, left + elapsed * perMinute / NANOS_PER_MINUTE);
    filledNanos += elapsed;
  }
}
