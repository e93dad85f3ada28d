package dev.educe.cli.load;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleConsumer;
import java.util.random.RandomGenerator;

/// Sends requests for a while, and keeps what became of them.
///
/// Open load does not wait: requests go out when they are due, however many are under way, and what
/// keeps one from going out counts as its latency. So a server that stalls is not spared the
/// requests that would have come meanwhile (no *coordinated omission*). Closed load has a number of
/// clients, each of which sends its next request when its last has ended.
public final class Load {
  private static final long LOOK_MILLIS = 100;
  private static final int PLATFORM_THREADS_MAX = 256;
  private static final long THREAD_IDLE_SECONDS = 5;

  // So many requests are made before the first is due: meanwhile nothing is left to do but to send.
  private static final int READY_MAX = 4_096;

  private final LoadClient client;
  private final Prompts prompts;
  private final int count;
  private final long nanosMax;
  private final DoubleConsumer progress;
  private final Queue<Reply> replies = new ConcurrentLinkedQueue<>();
  private final AtomicInteger begun = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private final ThreadPoolExecutor threads =
      new ThreadPoolExecutor(
          0,
          PLATFORM_THREADS_MAX,
          THREAD_IDLE_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          Thread.ofPlatform().daemon().name("educe-client-", 0).factory(),
          (work, _) -> Thread.startVirtualThread(work));
  private long start; // of the first request

  /// @param count how many requests at most
  /// @param time after which none is sent any more; zero for any time
  /// @param progress is told the share that is done, 0 to 1, on the calling thread
  public Load(
      LoadClient client, Prompts prompts, int count, Duration time, DoubleConsumer progress) {
    this.client = client;
    this.prompts = prompts;
    this.count = count;
    this.nanosMax = time.isZero() ? Long.MAX_VALUE : time.toNanos();
    this.progress = progress;
  }

  /// Requests at a rate, whatever becomes of them. Once for each object.
  ///
  /// @param rate requests a second
  /// @param burstiness 1 for a Poisson process; see [Arrivals]
  /// @throws CancellationException if this thread is interrupted
  public List<Reply> open(double rate, double burstiness, RandomGenerator random) {
    var arrivals = new Arrivals(rate, burstiness, random);
    var ready = new ArrayDeque<byte[]>();
    double expected = Math.min(Math.min(count, READY_MAX), rate * nanosMax / 1e9);
    while (ready.size() < expected) {
      ready.add(client.prepared(prompts.next()));
    }
    start = System.nanoTime();
    underWay.set(1); // the sender
    var sender =
        Thread.ofPlatform()
            .daemon()
            .name("educe-load")
            .start(() -> {
              double due = 0;
              while (begun.getAndIncrement() < count && due < nanosMax) {
                long intended = start + (long) due;
                byte[] request = ready.isEmpty() ? client.prepared(prompts.next()) : ready.poll();
                await(intended);
                start(() -> replies.add(client.send(request, intended)));
                due += arrivals.gapNanos();
              }
              ended();
            });
    return await(sender);
  }

  /// Requests of so many clients. Once for each object.
  ///
  /// @throws CancellationException if this thread is interrupted
  public List<Reply> closed(int clients) {
    start = System.nanoTime();
    underWay.set(1); // this thread
    for (int i = 0; i < clients; i++) {
      start(() -> {
        while (begun.getAndIncrement() < count && System.nanoTime() - start < nanosMax) {
          byte[] request = client.prepared(prompts.next());
          replies.add(client.send(request, System.nanoTime()));
        }
      });
    }
    ended();
    return await(Thread.currentThread());
  }

  /// On a thread of the operating system while there are not many: it is woken by what it reads,
  /// and not by a thread that was. Threads are kept, since to make one costs more than a refusal.
  private void start(Runnable work) {
    underWay.incrementAndGet();
    threads.execute(() -> {
      work.run();
      ended();
    });
  }

  private void ended() {
    if (underWay.decrementAndGet() == 0) {
      over.countDown();
    }
  }

  private static void await(long nanoTime) {
    long left;
    while ((left = nanoTime - System.nanoTime()) > 0 && !Thread.currentThread().isInterrupted()) {
      LockSupport.parkNanos(left);
    }
  }

  /// @param sender is woken if this thread is interrupted
  private List<Reply> await(Thread sender) {
    try {
      while (!over.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
        double ofTime = (double) (System.nanoTime() - start) / nanosMax;
        progress.accept(Math.max((double) replies.size() / count, ofTime));
      }
      return List.copyOf(replies);
    } catch (InterruptedException _) {
      begun.set(count);
      sender.interrupt();
      throw new CancellationException();
    } finally {
      threads.shutdown();
    }
  }
}
