package dev.educe;

import dev.educe.engine.RefusedException;
import dev.educe.engine.Totals;
import dev.educe.format.Gguf;
import dev.educe.platform.Region;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/// `./dev soak`: many threads ask a tiny model for whatever comes to their minds, for as long as
/// one likes; then everything is counted.
///
/// Requests share prefixes, have deadlines, are cancelled by others, interrupted, read slowly or
/// given up in the middle, and have processors that fail. What one writes is compared with what the
/// same request has written before. Callers come and go in rounds; after each, nothing of them may
/// be left.
final class Soak {
  private static final String HELP =
      """
      ./dev soak [--minutes M]    64 threads with random requests, 10 minutes unless given
      """;
  private static final int THREADS = 64;
  private static final int ROUNDS = 10;
  private static final int HEADS = 6;
  private static final int TAILS = 30;
  private static final int SAMPLINGS = 5;
  private static final int TOKENS_MAX = 60;
  private static final int TENANTS = 4;
  private static final long SETTLE_NANOS = 10_000_000_000L;
  private static final String PLANTED = "planted";

  /// What is left after a round, once nobody asks any more.
  ///
  /// @param requests that have ended, since the beginning
  /// @param tokens written, since the beginning
  /// @param heap bytes in use after a collection
  /// @param resident bytes of the process; 0 where the system does not tell
  /// @param threads that are alive
  /// @param lostPages pages that neither are free nor belong to the prefix tree
  record Round(long requests, long tokens, long heap, long resident, int threads, int lostPages) {}

  private final Model model;
  private final int pages;
  private final long seed;
  private final Map<String, List<Integer>> known = new ConcurrentHashMap<>();
  private final LongAdder requests = new LongAdder();
  private final LongAdder tokens = new LongAdder();
  private final LongAdder refusals = new LongAdder();
  private final LongAdder cancellations = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final AtomicReference<Throwable> fault = new AtomicReference<>();

  private Soak(Model model, long seed) {
    this.model = model;
    this.pages = model.progress().freePages();
    this.seed = seed;
  }

  public static void main(String[] arguments) throws Exception {
    double minutes =
        switch (arguments.length) {
          case 0 -> 10;
          case 2 -> Double.parseDouble(arguments[1]);
          default -> 0;
        };
    if (minutes <= 0) {
      System.out.print(HELP);
      System.exit(2);
    }
    var folder = Files.createTempDirectory("soak");
    var time = Duration.ofMillis((long) (minutes * 60_000));
    var rounds = run(folder, System.nanoTime(), time, System.out::println);
    System.exit(isFlat(rounds) ? 0 : 1);
  }

  /// Soaks a model of its own in rounds, and says what was left after each.
  ///
  /// @param lines is told of each round
  /// @throws IllegalStateException if something leaked, or an answer was not what it had been
  static List<Round> run(Path folder, long seed, Duration time, Consumer<String> lines)
      throws Exception {
    int regions = Region.openRegions();
    int files = Gguf.openFiles();
    int threads = Thread.activeCount();
    var file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("soak.gguf"));
    // Room for a few of those who want to run at once.
    var options = LoadOptions.defaults().withContextLength(192).withSequences(6).withThreads(2);
    var rounds = new ArrayList<Round>();
    try (var model = Model.load(file, options)) {
      var soak = new Soak(model, seed);
      for (int round = 0; round < ROUNDS; round++) {
        rounds.add(soak.round(round, time.dividedBy(ROUNDS)));
        lines.accept(soak.line(rounds.getLast()));
      }
    }
    Files.delete(file);
    check(Region.openRegions() == regions, "%d regions are open", Region.openRegions() - regions);
    check(Gguf.openFiles() == files, "%d files are open", Gguf.openFiles() - files);
    check(Thread.activeCount() <= threads, "%d threads are left", Thread.activeCount() - threads);
    return rounds;
  }

  /// Whether the heap has not grown since what is kept on purpose was there.
  static boolean isFlat(List<Round> rounds) {
    return rounds.getLast().heap - rounds.get(ROUNDS / 2).heap < 4 << 20;
  }

  private static void check(boolean holds, String message, Object... values) {
    if (!holds) {
      throw new IllegalStateException(message.formatted(values));
    }
  }

  private Round round(int round, Duration time) throws Exception {
    long end = System.nanoTime() + time.toNanos();
    var callers = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      var random = new Random(seed + round * (long) THREADS + i);
      callers[i] = Thread.ofPlatform().name("caller-" + i).start(() -> call(random, end));
    }
    for (var caller : callers) {
      caller.join();
    }
    if (fault.get() != null) {
      throw new IllegalStateException("seed " + seed, fault.get());
    }
    long settled = System.nanoTime() + SETTLE_NANOS;
    while (isBusy() && System.nanoTime() < settled) {
      Thread.sleep(1);
    }
    var progress = model.progress();
    check(!isBusy(), "requests are left: %s", progress);
    int lost = pages - progress.freePages() - progress.cachedPages();
    check(lost == 0, "%d pages are lost: %s", lost, progress);
    System.gc();
    long heap = Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    return new Round(requests.sum(), tokens.sum(), heap, resident(), Thread.activeCount(), lost);
  }

  private boolean isBusy() {
    return model.progress().running() > 0 || model.progress().waiting() > 0;
  }

  private static long resident() throws IOException {
    var status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return 0;
    }
    return Files.readAllLines(status).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElse(0);
  }

  private String line(Round round) {
    long again = model.totals().values().stream().mapToLong(Totals::recomputedTokens).sum();
    return ("%,d requests, %,d tokens, %,d computed again, %,d refused, %,d cancelled,"
            + " %,d failed as planned;"
            + " heap %,d kB, resident %,d MB, %d threads, %d pages lost")
        .formatted(
            round.requests,
            round.tokens,
            again,
            refusals.sum(),
            cancellations.sum(),
            failures.sum(),
            round.heap >> 10,
            round.resident >> 20,
            round.threads,
            round.lostPages);
  }

  private void call(Random random, long end) {
    while (System.nanoTime() < end && fault.get() == null) {
      try {
        one(random);
      } catch (RefusedException refused) {
        refusals.increment();
      } catch (Throwable failed) {
        if (PLANTED.equals(failed.getMessage())) {
          failures.increment();
        } else {
          fault.compareAndSet(null, failed);
        }
      }
      requests.increment();
    }
  }

  private void one(Random random) throws InterruptedException {
    int head = random.nextInt(HEADS);
    int tail = random.nextInt(TAILS);
    int drawn = random.nextInt(SAMPLINGS);
    var request =
        Request.of("once upon ".repeat(2 + 4 * head) + "a".repeat(tail) + " world " + head)
            .withTokensMax(random.nextInt(TOKENS_MAX))
            .withSampling(drawn == 0 ? Sampling.greedy() : Sampling.defaults().withSeed(drawn))
            .withIgnoreEnd(true)
            .withTenant("tenant " + random.nextInt(TENANTS))
            .withPriority(random.nextInt(3));
    if (random.nextInt(10) == 0) {
      request = request.withDeadline(Duration.ofMillis(1 + random.nextInt(40)));
    }
    if (random.nextInt(10) == 0) {
      request = request.withLogprobs(random.nextInt(5)).withPromptLogprobs(random.nextInt(3));
    }
    int failsAt = random.nextInt(20) == 0 ? random.nextInt(150) : Integer.MAX_VALUE;
    if (failsAt < Integer.MAX_VALUE) {
      LogitsProcessor failing = logits -> check(logits.position() < failsAt, PLANTED);
      request = request.withProcessors(List.of(failing));
    }
    int count = random.nextInt(10) == 0 ? 1 + random.nextInt(4) : 1;
    var started = model.start(request, count);
    try {
      for (int number = 0; number < count; number++) {
        var result = read(started.get(number), random);
        result.ifPresent(generation -> tokens.add(generation.tokens().size()));
        String key = head + " " + tail + " " + drawn + " " + number;
        result.ifPresent(generation -> compare(key, generation.tokens()));
      }
    } finally {
      started.forEach(Continuation::close);
    }
  }

  /// What was written, unless it was given up in the middle.
  private Optional<Generation> read(Continuation continuation, Random random)
      throws InterruptedException {
    int manner = random.nextInt(12);
    int leavesAt = manner < 4 ? random.nextInt(TOKENS_MAX) : Integer.MAX_VALUE;
    for (int piece = 0; continuation.hasNext(); piece++) {
      if (piece == leavesAt) {
        cancellations.increment();
        switch (manner) {
          case 0 -> {
            return Optional.empty(); // closed by its caller
          }
          case 1 -> Thread.currentThread().interrupt();
          case 2 -> Thread.startVirtualThread(continuation::cancel);
          default -> continuation.cancel();
        }
      }
      continuation.next();
      if (manner == 5) {
        Thread.sleep(random.nextInt(8));
      }
    }
    Thread.interrupted();
    return Optional.of(continuation.result());
  }

  private void compare(String key, List<Integer> written) {
    var before = known.merge(key, written, (a, b) -> a.size() >= b.size() ? a : b);
    check(
        before.subList(0, written.size()).equals(written),
        "request %s wrote %s and %s",
        key,
        before,
        written);
  }
}
