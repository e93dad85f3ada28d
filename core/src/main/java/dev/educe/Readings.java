package dev.educe;

import dev.educe.engine.Ended;
import dev.educe.engine.Engine;
import dev.educe.engine.Event;
import dev.educe.engine.Finish;
import dev.educe.engine.Listener;
import dev.educe.engine.RefusedException;
import dev.educe.engine.Work;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Prompts that are read and not continued: all of them, or none when one fails.
///
/// A few are with the engine at a time, so that a crowd of them fills neither its queue nor a step;
/// as one ends, the next one is handed in. Thread-safe.
final class Readings implements AutoCloseable {
  /// Makes the work of each prompt.
  @FunctionalInterface
  interface Works {
    /// @param index of the prompt; each is asked for once, in ascending order
    Work of(int index, Listener listener);
  }

  private final Engine engine;
  private final Works works;
  private final Engine.Ticket[] tickets; // [prompts]; those that were handed in
  private final int atOnce;
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private Optional<RuntimeException> failure = Optional.empty();
  private int next; // the first that was not handed in
  private int underWay;
  private long promptTokens;

  /// Hands in the first ones.
  ///
  /// @param atOnce how many are with the engine at a time
  /// @throws RefusedException if the engine takes none
  Readings(Engine engine, int count, int atOnce, Works works) {
    this.engine = engine;
    this.works = works;
    this.atOnce = atOnce;
    this.tickets = new Engine.Ticket[count];
    goOn();
    if (failure.isPresent()) {
      throw failure.get();
    }
  }

  private synchronized void goOn() {
    while (failure.isEmpty() && next < tickets.length && underWay < atOnce) {
      try {
        tickets[next] = engine.submit(works.of(next, new Reading()));
        next++;
        underWay++;
      } catch (RefusedException refused) {
        if (underWay == 0 || refused.retryMillis().isEmpty()) {
          fail(refused);
        }
        break; // when one of these ends there will be room
      } catch (RuntimeException failed) {
        fail(failed);
      }
    }
    boolean hasAll = next == tickets.length || failure.isPresent();
    if (hasAll && underWay == 0) {
      end.complete(null);
    }
  }

  private void fail(RuntimeException cause) {
    if (failure.isEmpty()) {
      failure = Optional.of(cause);
      for (int i = 0; i < next; i++) {
        tickets[i].cancel();
      }
    }
  }

  /// One prompt's.
  private final class Reading implements Listener {
    @Override
    public void token(Event.Token token) {}

    @Override
    public void ended(Ended ended) {
      synchronized (Readings.this) {
        underWay--;
        promptTokens += ended.usage().promptTokens();
        if (ended.finish() == Finish.FAILED || ended.finish() == Finish.CANCELLED) {
          fail(ended.cause().orElseGet(Readings::cancelled));
        }
        goOn();
      }
    }
  }

  private static CancellationException cancelled() {
    return new CancellationException("it was cancelled before all was read");
  }

  /// Waits for the end.
  ///
  /// @return whether it has come in this time
  boolean await(long nanos) throws InterruptedException {
    try {
      end.get(nanos, TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException _) {
      return false;
    } catch (ExecutionException impossible) {
      throw new AssertionError("an end is never exceptional", impossible);
    }
  }

  /// Waits for the end; an interrupt of this thread cancels all.
  ///
  /// @throws CancellationException if it was cancelled
  /// @throws RuntimeException why one could not be read
  void join() {
    boolean interrupted = false;
    for (boolean hasEnded = false; !hasEnded; ) {
      try {
        hasEnded = await(Long.MAX_VALUE);
      } catch (InterruptedException _) {
        interrupted = true;
        close();
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      if (failure.isPresent()) {
        throw failure.get();
      }
    }
  }

  /// Tokens of the prompts that have ended.
  synchronized long promptTokens() {
    return promptTokens;
  }

  /// Cancels what has not ended. From any thread; harmless however often.
  @Override
  public synchronized void close() {
    if (!end.isDone()) {
      fail(cancelled());
    }
  }
}
