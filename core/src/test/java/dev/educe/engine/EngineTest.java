package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.Batch;
import dev.educe.cache.PagePool;
import dev.educe.cache.PrefixKey;
import dev.educe.engine.RefusedException.Kind;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.testing.Seeded;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/// The engine with its thread, and a model that answers at once.
@ExtendWith(Seeded.class)
@Timeout(60)
class EngineTest {
  private static final PrefixKey KEY = new PrefixKey("tenant", "model", "", "F16", 1);

  private final PagePool pool = new PagePool(32, 8);
  private final List<String> metered = new ArrayList<>();
  private final Engine engine = engine(EngineOptions.of(100, 4).withWaiting(8, 6));

  private Engine engine(EngineOptions options) {
    var executor =
        new SimulatedExecutor(pool, 32, 8, Integer.MAX_VALUE, _ -> 7, new SimulatedClock(), 1, 1);
    return new Engine(
        executor,
        new Candidates(SimulatedExecutor.VOCABULARY),
        Speculation.NONE,
        options,
        Clock.system(),
        (tenant, finish, usage) -> metered.add(tenant + " " + finish));
  }

  @AfterEach
  void everyPageIsFreeInTheEnd() {
    engine.closeNow();
    assertEquals(pool.pages() - engine.progress().cachedPages(), pool.freePages());
  }

  private Work work(int promptTokens, int tokensMax, Listener listener) {
    return Work.of(
        new int[promptTokens], tokensMax, KEY, new Sampler(Sampling.greedy(), 0), listener);
  }

  private static Ended end(EventQueue queue) throws InterruptedException {
    while (true) {
      if (queue.take() instanceof Ended ended) {
        return ended;
      }
    }
  }

  @Test
  void whatCanNeverRunIsRefusedWithTheNumbers() {
    var queue = new EventQueue(4, engine::wake);
    var refusal = assertThrows(RefusedException.class, () -> engine.submit(work(100, 1, queue)));
    assertEquals(Kind.PROMPT_TOO_LONG, refusal.kind());
    assertEquals(100, refusal.asked());
    assertEquals(100, refusal.limit());
    assertTrue(refusal.retryMillis().isEmpty());
    var small = engine(EngineOptions.of(1_000, 4));
    refusal = assertThrows(RefusedException.class, () -> small.submit(work(200, 57, queue)));
    small.close();
    assertEquals(Kind.CACHE_TOO_SMALL, refusal.kind());
    assertEquals(257, refusal.asked());
    assertEquals(256, refusal.limit());
  }

  @Test
  void aFullQueueSaysWhenToTryAgain() throws InterruptedException {
    var queues = new ArrayList<EventQueue>();
    Kind kind = null;
    // Four run and pause, for nobody takes their tokens.
    while (kind == null) {
      var queue = new EventQueue(1, engine::wake);
      try {
        engine.submit(work(5, 50, queue));
        queues.add(queue);
      } catch (RefusedException refusal) {
        kind = refusal.kind();
        assertTrue(refusal.retryMillis().orElseThrow() > 0);
      }
    }
    assertEquals(Kind.TENANT_QUEUE_FULL, kind);
    for (var queue : queues) {
      assertEquals(Finish.LENGTH, end(queue).finish());
    }
  }

  @Test
  void aSlowConsumerPausesItsOwnStreamOnly() throws InterruptedException {
    var slow = new EventQueue(2, engine::wake);
    engine.submit(work(5, 40, slow));
    var quick = new EventQueue(100, engine::wake);
    engine.submit(work(7, 40, quick));
    assertEquals(Finish.LENGTH, end(quick).finish());
    assertTrue(slow.size() <= 2, "the queue holds more than it may");
    assertEquals(40, end(slow).usage().generatedTokens());
  }

  @Test
  void aListenerThatFailsLosesItsOwnRequest() throws InterruptedException {
    var ends = new EventQueue(1, engine::wake);
    engine.submit(
        work(
            5,
            40,
            new Listener() {
              @Override
              public void token(Event.Token token) {
                throw new IllegalStateException("planted");
              }

              @Override
              public void ended(Ended ended) {
                ends.ended(ended);
                throw new IllegalStateException("planted");
              }
            }));
    var ended = end(ends);
    assertEquals(Finish.FAILED, ended.finish());
    assertEquals("planted", ended.cause().orElseThrow().getMessage());
    var queue = new EventQueue(100, engine::wake);
    engine.submit(work(5, 10, queue));
    assertEquals(Finish.LENGTH, end(queue).finish());
  }

  /// An engine whose model fails as often as the counter says.
  private static Engine failing(
      PagePool pool, AtomicInteger failures, Supplier<? extends Throwable> failure) {
    var executor =
        new SimulatedExecutor(pool, 32, 8, Integer.MAX_VALUE, _ -> 7, new SimulatedClock(), 1, 1) {
          @Override
          public void forward(Batch batch) {
            if (failures.getAndDecrement() > 0) {
              EngineTest.<RuntimeException>throwAny(failure.get());
            }
            super.forward(batch);
          }
        };
    return new Engine(
        executor,
        new Candidates(SimulatedExecutor.VOCABULARY),
        Speculation.NONE,
        EngineOptions.of(100, 4),
        Clock.system(),
        Meter.NONE);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void throwAny(Throwable failure) throws T {
    throw (T) failure;
  }

  @Test
  void aStepThatFailsEndsItsRequestsAndNoOther() throws InterruptedException {
    var own = new PagePool(32, 8);
    var failures = new AtomicInteger(1);
    try (var shaky = failing(own, failures, () -> new IllegalStateException("planted"))) {
      var queue = new EventQueue(100, shaky::wake);
      shaky.submit(work(5, 10, queue));
      var ended = end(queue);
      assertEquals(Finish.FAILED, ended.finish());
      assertEquals("planted", ended.cause().orElseThrow().getMessage());
      queue = new EventQueue(100, shaky::wake);
      shaky.submit(work(5, 10, queue));
      assertEquals(Finish.LENGTH, end(queue).finish());
      assertEquals(own.pages(), shaky.call(own::freePages));
    }
  }

  /// As memory that runs out: everybody hears of it, and nobody waits for ever.
  @Test
  void anEngineThatFailsEndsEverybodyAndTakesNoMore() throws InterruptedException {
    var own = new PagePool(32, 8);
    var failures = new AtomicInteger();
    var broken = failing(own, failures, () -> new OutOfMemoryError("planted"));
    var queues = new ArrayList<EventQueue>();
    for (int i = 0; i < 6; i++) {
      var queue = new EventQueue(1, broken::wake);
      broken.submit(work(5 + i, 50, queue));
      queues.add(queue);
    }
    failures.set(1);
    for (var queue : queues) {
      var ended = end(queue);
      assertEquals(Finish.FAILED, ended.finish());
      String message = ended.cause().orElseThrow().getMessage();
      assertTrue(message.contains("the engine has failed"), message);
    }
    var late = new EventQueue(1, broken::wake);
    var refusal = assertThrows(RefusedException.class, () -> broken.submit(work(5, 5, late)));
    assertEquals(Kind.CLOSED, refusal.kind());
    broken.close();
  }

  @Test
  void deadlinesEndWhatWaitsAndWhatPauses() throws InterruptedException {
    var paused = new EventQueue(1, engine::wake);
    engine.submit(work(5, 40, paused).withDeadlines(0, 20_000_000));
    // Its end comes though nobody has taken the token before.
    while (paused.size() < 2) {
      Thread.sleep(1);
    }
    var ended = end(paused);
    assertEquals(Finish.CANCELLED, ended.finish());
    assertTrue(ended.cause().orElseThrow() instanceof CancellationException);
  }

  @Test
  void cancellingFromAnyThreadEndsOnce() throws Exception {
    try (var pool = Executors.newFixedThreadPool(4)) {
      var queue = new EventQueue(1, engine::wake);
      var ticket = engine.submit(work(5, 90, queue));
      var calls = new ArrayList<Future<?>>();
      for (int i = 0; i < 4; i++) {
        calls.add(pool.submit(ticket::cancel));
      }
      assertEquals(Finish.CANCELLED, end(queue).finish());
      for (var call : calls) {
        call.get();
      }
      assertEquals(0, queue.size());
    }
  }

  @Test
  void manyThreadsWithRandomCancelsLeaveNothingBehind(Random random) throws Exception {
    long seed = random.nextLong();
    try (var pool = Executors.newFixedThreadPool(8)) {
      var calls = new ArrayList<Future<Integer>>();
      for (int thread = 0; thread < 8; thread++) {
        var mine = new Random(seed + thread);
        calls.add(pool.submit(() -> play(mine)));
      }
      int ended = 0;
      for (var call : calls) {
        ended += call.get();
      }
      assertEquals(ended, engine.totals().get("tenant").requests());
    }
    engine.close();
    assertEquals(engine.totals().get("tenant").requests(), metered.size());
  }

  private int play(Random random) throws InterruptedException {
    int ended = 0;
    for (int i = 0; i < 200; i++) {
      var queue = new EventQueue(1 + random.nextInt(5), engine::wake);
      try {
        var ticket = engine.submit(work(1 + random.nextInt(60), random.nextInt(30), queue));
        if (random.nextInt(3) == 0) {
          ticket.cancel();
        }
        end(queue);
        ended++;
      } catch (RefusedException full) {
        assertTrue(full.retryMillis().isPresent());
      }
    }
    return ended;
  }

  @Test
  void tasksRunBetweenStepsAndTheirFailuresAreTheirCallers() {
    assertEquals(7, engine.call(() -> 7));
    assertThrows(
        ArithmeticException.class,
        () ->
            engine.call(() -> {
              throw new ArithmeticException("planted");
            }));
    engine.close();
    assertEquals(
        Kind.CLOSED, assertThrows(RefusedException.class, () -> engine.call(() -> 7)).kind());
  }

  @Test
  void closingEndsEverybody() throws InterruptedException {
    var running = new EventQueue(100, engine::wake);
    var abandoned = new EventQueue(1, engine::wake);
    engine.submit(work(5, 50, running));
    engine.submit(work(6, 50, abandoned));
    engine.close();
    assertEquals(Finish.LENGTH, end(running).finish());
    assertEquals(Finish.CANCELLED, end(abandoned).finish());
    assertEquals(
        Kind.CLOSED,
        assertThrows(RefusedException.class, () -> engine.submit(work(5, 5, running))).kind());
    assertFalse(engine.progress().running() > 0);
  }
}
