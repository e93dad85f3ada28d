package dev.educe.engine;

import dev.educe.platform.Clock;

/// Stands still until it is told to go on.
final class SimulatedClock implements Clock {
  private long nanos;

  @Override
  public long nanos() {
    return nanos;
  }

  void advance(long by) {
    nanos += by;
  }

  void advanceTo(long moment) {
    nanos = Math.max(nanos, moment);
  }
}
