package dev.educe.server.http;

import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Has those who wait look around now and then, on one thread for all.
///
/// A wait with a time of its own would set a timer and take it back for every token.
public final class Pulse implements AutoCloseable {
  /// How soon it is seen that a client has left while nothing is sent to it.
  public static final long NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private static final ScheduledThreadPoolExecutor TIMER = timer();

  private final ScheduledFuture<?> beats;

  /// Begins.
  ///
  /// @param look is run again and again; must not wait
  public Pulse(Runnable look) {
    beats = TIMER.scheduleAtFixedRate(look, NANOS, NANOS, TimeUnit.NANOSECONDS);
  }

  private static ScheduledThreadPoolExecutor timer() {
    var threads = Thread.ofPlatform().daemon().name("educe-pulse").factory();
    var timer = new ScheduledThreadPoolExecutor(1, threads);
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  @Override
  public void close() {
    beats.cancel(false);
  }
}
