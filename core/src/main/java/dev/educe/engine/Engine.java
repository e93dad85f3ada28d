package dev.educe.engine;

import dev.educe.backend.Executor;
import dev.educe.cache.PrefixKey;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// Serves any number of requests with one model, on one thread of its own.
///
/// Work is handed in from any thread; its events come through its listener. The thread parks when
/// there is nothing to do. What it is handed of outside code (listeners, samplers, readers of
/// logits) runs on it and must not block; what throws loses its own request only.
public final class Engine implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Engine.class.getName());

  // How long a closing engine waits for a listener that takes nothing.
  private static final long CLOSING_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  // How often a caller sees whether the thread still lives.
  private static final long ALIVE_MILLIS = 100;

  private final Clock clock;
  private final Stepper stepper;
  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final Thread thread;
  private volatile boolean isClosing;
  private volatile boolean isCancelling;

  /// Starts the thread.
  ///
  /// @param executor borrowed; nobody else may use it before this engine is closed
  /// @param candidates of its vocabulary's size; this engine's from now on
  /// @param speculation who guesses what comes next; [Speculation#NONE] for nobody
  /// @param meter is told what each request took
  public Engine(
      Executor executor,
      Candidates candidates,
      Speculation speculation,
      EngineOptions options,
      Clock clock,
      Meter meter) {
    this.clock = clock;
    this.stepper = new Stepper(executor, candidates, speculation, options, clock, meter);
    this.thread = Thread.ofPlatform().daemon().name("educe-engine").unstarted(this::run);
    thread.start();
  }

  /// A request that was taken on.
  public final class Ticket {
    private Sequence sequence; // the engine's thread alone knows it

    private Ticket() {}

    /// Ends the request at the next step, unless it has ended by then. From any thread; harmless
    /// however often.
    public void cancel() {
      post(() -> stepper.cancel(sequence));
    }

    /// Lets the engine see that the listener has room again. From any thread.
    public void resume() {
      wake();
    }
  }

  /// Takes a request on.
  ///
  /// @throws RefusedException if it can never run, or too many wait already, or the engine is
  ///   closed
  public Ticket submit(Work work) {
    int end = stepper.admission().admit(work, clock.nanos());
    var ticket = new Ticket();
    post(() -> ticket.sequence = stepper.add(work, end));
    return ticket;
  }

  /// Refuses a request that [#submit] would refuse whatever it asks for: to be asked before work is
  /// put into its prompt. What is let through here may still be refused there.
  ///
  /// @throws RefusedException if too many wait already, or the engine is closed
  public void checkRoom(String tenant) {
    stepper.admission().check(tenant, clock.nanos());
  }

  /// Saves what the prefix tree has of a prompt; steps wait for the disk.
  ///
  /// @param key of the work whose prompt it is
  /// @param fileKey the same, with what tells the model's weights from all others
  /// @return how many tokens were saved
  /// @throws UncheckedIOException if the file cannot be written
  public int savePrefix(Path file, PrefixKey key, PrefixKey fileKey, int[] tokens) {
    return runTask(() -> stepper.savedPrefix().write(file, key, fileKey, tokens));
  }

  /// Puts a saved prefix into the tree; steps wait for the disk.
  ///
  /// @param key of the work that is to find it
  /// @param fileKey what the file must be for
  /// @return how many tokens it holds
  /// @throws UncheckedIOException if the file cannot be read or is refused
  public int restorePrefix(Path file, PrefixKey key, PrefixKey fileKey) {
    return runTask(() -> stepper.savedPrefix().read(file, key, fileKey));
  }

  /// Runs a task on the engine's thread, between two steps: it may use the executor. The prefix
  /// tree's pages that no sequence uses are freed before.
  ///
  /// @throws RefusedException if the engine is closed
  /// @throws RuntimeException what the task throws
  public <T> T call(Callable<T> task) {
    return runTask(() -> {
      stepper.tree().evict(Integer.MAX_VALUE);
      return task.call();
    });
  }

  private <T> T runTask(Callable<T> task) {
    var future = new FutureTask<>(task);
    if (isClosing) {
      throw RefusedException.closed();
    }
    post(future);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return future.get(ALIVE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
          interrupted = true;
        } catch (TimeoutException _) {
          if (!thread.isAlive()) {
            future.cancel(false);
          }
        }
      }
    } catch (CancellationException _) {
      throw RefusedException.closed();
    } catch (ExecutionException failed) {
      switch (failed.getCause()) {
        case RuntimeException unchecked -> throw unchecked;
        case Error error -> throw error;
        case IOException io -> throw new UncheckedIOException(io);
        case Throwable other -> throw new IllegalStateException(other);
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void post(Runnable command) {
    inbox.add(command);
    wake();
  }

  /// Lets the engine see that a listener has room again.
  public void wake() {
    LockSupport.unpark(thread);
  }

  /// How it is getting on; at most a step old.
  public Progress progress() {
    return stepper.progress();
  }

  /// What each tenant's requests have taken that have ended.
  public Map<String, Totals> totals() {
    return stepper.totals();
  }

  private void run() {
    try {
      while (true) {
        runInbox();
        if (isCancelling) {
          cancelAll();
        }
        if (stepper.step()) {
          continue;
        }
        if (!inbox.isEmpty()) {
          continue;
        }
        // A request that was admitted waits, even if its caller has not posted it yet.
        if (isClosing
            && !stepper.scheduler().hasSequences()
            && stepper.admission().waiting() == 0) {
          return;
        }
        park();
      }
    } catch (Throwable fault) {
      // Ours: requests end, the next ones are refused.
      LOG.log(Level.ERROR, "the engine has failed and takes no more requests", fault);
      stepper.admission().close();
      isClosing = true;
      endAll(Optional.of(new IllegalStateException("the engine has failed: " + fault, fault)));
    }
  }

  private void runInbox() {
    Runnable command;
    while ((command = inbox.poll()) != null) {
      command.run();
    }
  }

  private void cancelAll() {
    for (Sequence sequence : stepper.scheduler().sequences()) {
      stepper.end(sequence, Finish.CANCELLED, Optional.empty());
    }
  }

  /// Ends every request, those too whose callers have yet to post them.
  private void endAll(Optional<RuntimeException> cause) {
    do {
      Runnable command;
      while ((command = inbox.poll()) != null) {
        if (!(command instanceof FutureTask<?>)) {
          command.run();
        }
      }
      for (Sequence sequence : stepper.scheduler().sequences()) {
        stepper.end(sequence, Finish.FAILED, cause);
      }
    } while (stepper.admission().waiting() > 0);
  }

  /// Until somebody wakes this thread, or a deadline has come.
  private void park() {
    long deadline = stepper.scheduler().nextDeadline();
    if (isClosing) {
      // All that are left pause.
      LockSupport.parkNanos(this, CLOSING_PAUSE_NANOS);
      isCancelling = true;
    } else if (deadline == Long.MAX_VALUE) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, Math.max(1, deadline - clock.nanos()));
    }
  }

  /// Takes no more requests, goes on until those it has have ended, and ends the thread. Those that
  /// pause for a listener that takes nothing are cancelled.
  @Override
  public void close() {
    close(false);
  }

  /// Takes no more requests, cancels those it has, and ends the thread.
  public void closeNow() {
    close(true);
  }

  private void close(boolean cancels) {
    stepper.admission().close();
    isClosing = true;
    isCancelling |= cancels;
    wake();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    stepper.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
