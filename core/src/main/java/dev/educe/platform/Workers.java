package dev.educe.platform;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A fixed pool of threads that work on one job at a time, together with the thread that asks.
///
/// A job is a number of items, claimed one by one by whoever is free, so that a thread which the
/// operating system holds back delays nobody but its own item. Idle workers spin for some
/// microseconds, for the next job usually comes at once, and then park: an idle pool uses no
/// processor. Running a job allocates nothing. One thread at a time may run jobs.
public final class Workers implements AutoCloseable {
  /// More items than any matrix has panels.
  public static final int ITEMS_MAX = (1 << 20) - 1;

  // About 50 µs: longer than the gap between two matrices of a step, shorter than a time slice.
  private static final int SPINS = 2_000;
  private static final long COUNT_SHIFT = 20;
  private static final long EPOCH_SHIFT = 40;
  private static final long FIELD = (1L << 20) - 1;

  /// One item of a job.
  @FunctionalInterface
  public interface Task {
    /// @param item which one, from 0
    /// @param worker which thread, from 0 to [Workers#threads] - 1; for scratch memory
    void run(int item, int worker);
  }

  private final Worker[] workers; // [threads - 1]; the caller is worker 0

  // Epoch, item count and next item in one word: a claim by compare-and-set is then sure to be of
  // the job whose count it saw, however long the claiming thread was held back in between.
  private final AtomicLong state = new AtomicLong();
  private final AtomicInteger done = new AtomicInteger();
  private Task task;
  private int count;
  private volatile Thread waiting;
  private volatile Throwable failure;
  private volatile boolean closed;

  /// @param threads how many threads work, the caller included
  /// @throws IllegalArgumentException if it is not positive
  /// @throws OutOfMemoryError if the system gives no more threads; none is left then
  public Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads must be positive, got " + threads);
    }
    workers = new Worker[threads - 1];
    Arrays.setAll(workers, i -> new Worker(i + 1));
    try {
      for (Worker worker : workers) {
        worker.start();
      }
    } catch (Error failed) {
      close(); // there are too many threads already
      throw failed;
    }
  }

  /// How many threads work, the caller included.
  public int threads() {
    return workers.length + 1;
  }

  /// Runs a job and returns when every item is done; what the items wrote is visible then.
  ///
  /// @param items how many, at most [#ITEMS_MAX]
  /// @throws IllegalArgumentException if there are too many items
  /// @throws IllegalStateException if the pool is closed
  public void run(int items, Task task) {
    if (items < 0 || items > ITEMS_MAX) {
      throw new IllegalArgumentException("items must be 0 to " + ITEMS_MAX + ", got " + items);
    }
    if (closed) {
      throw new IllegalStateException("the workers are closed");
    }
    Subnormals.check();
    if (items <= 1 || workers.length == 0) {
      for (int item = 0; item < items; item++) {
        task.run(item, 0);
      }
      return;
    }
    this.task = task;
    this.count = items;
    done.set(0);
    long epoch = (state.get() >>> EPOCH_SHIFT) + 1;
    state.set(epoch << EPOCH_SHIFT | (long) items << COUNT_SHIFT);
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
    work(0);
    awaitDone();
    this.task = null;
    if (failure != null) {
      rethrow();
    }
  }

  private void work(int worker) {
    while (true) {
      long seen = state.get();
      if ((seen & FIELD) >= (seen >>> COUNT_SHIFT & FIELD)) {
        return;
      }
      if (!state.compareAndSet(seen, seen + 1)) {
        continue;
      }
      int items = (int) (seen >>> COUNT_SHIFT & FIELD);
      try {
        task.run((int) (seen & FIELD), worker);
      } catch (Throwable thrown) {
        failure = thrown;
      }
      if (done.incrementAndGet() == items) {
        Thread waits = waiting;
        if (waits != null) {
          LockSupport.unpark(waits);
        }
      }
    }
  }

  private void awaitDone() {
    for (int spin = 0; spin < SPINS * 10; spin++) {
      if (done.get() == count) {
        return;
      }
      Thread.onSpinWait();
    }
    waiting = Thread.currentThread();
    while (done.get() != count) {
      LockSupport.park(this);
      // An interrupt would make every further park return at once; it is the caller's to handle.
      if (done.get() != count && Thread.currentThread().isInterrupted()) {
        Thread.onSpinWait();
      }
    }
    waiting = null;
  }

  private void rethrow() {
    Throwable thrown = failure;
    failure = null;
    switch (thrown) {
      case RuntimeException unchecked -> throw unchecked;
      case Error error -> throw error;
      default -> throw new IllegalStateException(thrown);
    }
  }

  /// Ends the threads; a second call does nothing. No job may be running.
  @Override
  public void close() {
    closed = true;
    for (Worker worker : workers) {
      LockSupport.unpark(worker);
    }
    for (Worker worker : workers) {
      boolean interrupted = false;
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private final class Worker extends Thread {
    private final int index;
    private volatile boolean parked;

    Worker(int index) {
      super("educe-worker-" + index);
      this.index = index;
      setDaemon(true);
    }

    @Override
    public void run() {
      Subnormals.check();
      long epoch = 0;
      while (!closed) {
        long now = state.get() >>> EPOCH_SHIFT;
        if (now == epoch) {
          now = awaitJob(epoch);
        }
        epoch = now;
        work(index);
      }
    }

    private long awaitJob(long epoch) {
      for (int spin = 0; spin < SPINS; spin++) {
        long now = state.get() >>> EPOCH_SHIFT;
        if (now != epoch) {
          return now;
        }
        Thread.onSpinWait();
      }
      parked = true;
      long now;
      while ((now = state.get() >>> EPOCH_SHIFT) == epoch && !closed) {
        LockSupport.park(Workers.this);
      }
      parked = false;
      return now;
    }
  }
}
