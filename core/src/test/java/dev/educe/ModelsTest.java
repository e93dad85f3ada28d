package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.engine.RefusedException;
import dev.educe.format.ModelFormatException;
import dev.educe.platform.Clock;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.MemoryBudgetException;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Several models that share a budget.
@ExtendWith(Seeded.class)
@Timeout(60)
class ModelsTest {
  private static final LoadOptions OPTIONS =
      LoadOptions.defaults().withThreads(1).withContextLength(64);
  private static final Request REQUEST =
      Request.of("hello").withTokensMax(6).withSampling(Sampling.greedy()).withIgnoreEnd(true);

  @TempDir static Path folder;
  private static long bytes; // of one model

  private final AtomicLong now = new AtomicLong();

  @BeforeAll
  static void write() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      TinyCheckpoints.of("llama", DType.Q8_0).write(file(name));
    }
    try (var model = Model.load(file("a"), OPTIONS)) {
      bytes = model.memoryBytes();
    }
  }

  private static Path file(String name) {
    return folder.resolve(name + ".gguf");
  }

  /// With room for so many of three models.
  private Models models(double room, Duration idle, Clock clock) {
    var models = new Models(MemoryBudget.of((long) (bytes * room)), idle, clock);
    for (String name : List.of("a", "b", "c")) {
      models.register(name, file(name), OPTIONS);
    }
    return models;
  }

  private static String loaded(Models models) {
    var names = new StringBuilder();
    models.status().stream()
        .filter(Models.Status::isLoaded)
        .forEach(status -> names.append(status.name()));
    return names.toString();
  }

  private void use(Models models, String name) throws Exception {
    try (var lease = models.acquire(name)) {
      assertEquals(6, lease.model().generate(REQUEST).tokens().size());
    }
    now.incrementAndGet();
  }

  @Test
  void theLeastRecentlyUsedMakesRoom() throws Throwable {
    Leaks.assertNoLeaks(() -> {
      try (var models = models(2.5, Duration.ZERO, now::get)) {
        use(models, "a");
        use(models, "b");
        assertEquals("ab", loaded(models));
        use(models, "a");
        use(models, "c");
        assertEquals("ac", loaded(models));
        models.pin("a");
        use(models, "b");
        use(models, "c");
        assertEquals("ac", loaded(models));
        assertEquals(List.of(true, false, false), pinned(models));
      }
    });
  }

  private static List<Boolean> pinned(Models models) {
    return models.status().stream().map(Models.Status::isPinned).toList();
  }

  @Test
  void whatIsInUseStaysAndTheRefusalGivesTheSums() throws Exception {
    try (var models = models(2.5, Duration.ZERO, now::get);
        var a = models.acquire("a")) {
      use(models, "b");
      try (var b = models.acquire("b")) {
        var full = assertThrows(MemoryBudgetException.class, () -> models.acquire("c"));
        assertTrue(
            full.getMessage().contains("a holds %,d bytes and is in use".formatted(bytes)),
            full.getMessage());
        assertEquals("ab", loaded(models));
        assertEquals(6, b.model().generate(REQUEST).tokens().size());
      }
      use(models, "c");
      assertEquals("ac", loaded(models));
      assertEquals(6, a.model().generate(REQUEST).tokens().size());
    }
    try (var models = models(0.5, Duration.ZERO, now::get)) {
      var full = assertThrows(MemoryBudgetException.class, () -> models.acquire("a"));
      assertTrue(full.getMessage().endsWith("no other model is loaded"), full.getMessage());
    }
  }

  @Test
  void whatIsTooLargeForAllThatIsIdleUnloadsNothing() throws Exception {
    try (var models = models(2.5, Duration.ZERO, now::get)) {
      models.register("large", file("a"), OPTIONS.withSequences(1_000));
      use(models, "a");
      use(models, "b");
      assertThrows(MemoryBudgetException.class, () -> models.acquire("large"));
      assertEquals("ab", loaded(models));
    }
  }

  @Test
  void whatNobodyUsesGoesAfterAWhile() throws Exception {
    try (var models = models(4, Duration.ofMillis(30), Clock.system())) {
      models.pin("b");
      var lease = models.acquire("c");
      use(models, "a");
      while (!loaded(models).equals("bc")) {
        Thread.sleep(1);
      }
      lease.close();
      lease.close();
      while (!loaded(models).equals("b")) {
        Thread.sleep(1);
      }
      use(models, "c");
    }
  }

  @Test
  void aUserSaysHowLongAModelStays() throws Exception {
    try (var models = models(4, Duration.ZERO, Clock.system())) {
      try (var lease = models.acquire("a")) {
        assertEquals(Optional.empty(), models.status().getFirst().stays());
        lease.keep(Duration.ZERO);
        assertEquals(Optional.of(Duration.ZERO), models.status().getFirst().stays());
        assertEquals("a", loaded(models));
      }
      while (!loaded(models).isEmpty()) {
        Thread.sleep(1);
      }
      use(models, "a");
      assertEquals(Optional.empty(), models.status().getFirst().stays(), "the usual time again");
      try (var lease = models.acquire("b")) {
        lease.keep(Duration.ofHours(1));
      }
      var left = models.status().get(1).stays().orElseThrow();
      assertTrue(left.compareTo(Duration.ofMinutes(59)) > 0, left.toString());
    }
    try (var models = models(4, Duration.ofMillis(20), Clock.system())) {
      try (var lease = models.acquire("a")) {
        lease.keep(Duration.ofSeconds(-1));
      }
      use(models, "b");
      while (loaded(models).contains("b")) {
        Thread.sleep(1);
      }
      assertEquals("a", loaded(models));
    }
  }

  @Test
  void namesAndAliases() throws Exception {
    try (var models = models(4, Duration.ZERO, now::get)) {
      models.alias("best", "a");
      try (var one = models.acquire("a");
          var other = models.acquire("best")) {
        assertSame(one.model(), other.model());
        assertEquals(2, models.status().getFirst().leases());
        assertEquals(List.of("best"), models.status().getFirst().aliases());
      }
      var taken = assertThrows(IllegalArgumentException.class, () -> models.alias("b", "a"));
      assertTrue(taken.getMessage().contains("'b' is taken"), taken.getMessage());
      var unknown = assertThrows(IllegalArgumentException.class, () -> models.acquire("d"));
      assertTrue(unknown.getMessage().contains("there are: a, b, c, best"), unknown.getMessage());
      Files.write(file("bad"), new byte[10]);
      models.register("bad", file("bad"), OPTIONS);
      assertThrows(ModelFormatException.class, () -> models.acquire("bad"));
      TinyCheckpoints.of("llama", DType.Q8_0).write(file("bad"));
      use(models, "bad");
    }
  }

  /// Whoever asks gets an answer or a refusal, whatever is loaded, unloaded or closed meanwhile.
  @Test
  void loadingUnloadingAndServingRace(Random random) throws Throwable {
    race(random.nextLong(), 60);
  }

  @Test
  @Tag("slow")
  @Timeout(600)
  void loadingUnloadingAndServingRaceForLong(Random random) throws Throwable {
    race(random.nextLong(), 10_000);
  }

  private void race(long seed, int requests) throws Throwable {
    Leaks.assertNoLeaks(() -> {
      var models = models(1.5, Duration.ofNanos(200_000), Clock.system());
      models.alias("best", "a");
      var served = new AtomicLong();
      var refused = new AtomicLong();
      try (var pool = Executors.newFixedThreadPool(12)) {
        var calls = new ArrayList<Future<?>>();
        for (int i = 0; i < 12; i++) {
          var mine = new Random(seed + i);
          Callable<?> call = () -> race(models, mine, served, refused);
          calls.add(pool.submit(call));
        }
        while (served.get() < requests) {
          Thread.sleep(1);
        }
        models.close();
        for (var call : calls) {
          call.get();
        }
      }
      assertTrue(refused.get() >= 12, refused + " were refused");
      assertThrows(RefusedException.class, () -> models.acquire("a"));
      models.close();
    });
  }

  private static Void race(Models models, Random random, AtomicLong served, AtomicLong refused)
      throws Exception {
    var names = List.of("a", "b", "c", "best");
    while (true) {
      try {
        var lease = models.acquire(names.get(random.nextInt(4)));
        try (var continuation = lease.model().start(REQUEST)) {
          if (random.nextInt(4) == 0) {
            lease.close(); // too early: what was started goes on
          }
          continuation.forEachRemaining(_ -> {});
          assertTrue(continuation.result().tokens().size() <= 6);
          served.incrementAndGet();
        } finally {
          lease.close();
        }
      } catch (MemoryBudgetException busy) {
        refused.incrementAndGet();
      } catch (RefusedException closed) {
        refused.incrementAndGet();
        if (closed.kind() == RefusedException.Kind.CLOSED && random.nextInt(20) == 0) {
          return null;
        }
      }
    }
  }
}
