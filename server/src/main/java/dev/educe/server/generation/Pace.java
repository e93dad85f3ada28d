package dev.educe.server.generation;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// How often texts are sent that are written quicker than anybody reads.
///
/// To send something wakes threads on both ends and costs more than a step of a very small model.
/// So the pace is such that all streams together take no more than a part of a core for it, and the
/// more of them there are, the more tokens go at once. The beats of all streams fall together: what
/// wakes for one sends for all. Texts that are written slower never wait.
public final class Pace {
  private static final long NANOS_OF_A_STREAM = TimeUnit.MICROSECONDS.toNanos(300);
  private static final long NANOS_MAX = TimeUnit.MILLISECONDS.toNanos(10);

  private final AtomicInteger streams = new AtomicInteger();

  /// A request's first token has come.
  void begun() {
    streams.incrementAndGet();
  }

  /// A request that had begun has ended.
  void ended() {
    streams.decrementAndGet();
  }

  /// The time between two beats.
  long nanos() {
    return Math.clamp(streams.get() * NANOS_OF_A_STREAM, NANOS_OF_A_STREAM, NANOS_MAX);
  }

  /// The time until the next beat.
  long nanosLeft() {
    long nanos = nanos();
    return nanos - Math.floorMod(System.nanoTime(), nanos);
  }
}
