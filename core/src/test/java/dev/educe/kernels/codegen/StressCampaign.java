package dev.educe.kernels.codegen;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/// Mixed work for generated code, on threads that take turns on the cores, while garbage is
/// collected: every result is compared with the scalar kernels' bits.
///
/// Work comes in rounds; a round's operands and calls follow from the seed and its number alone, so
/// that it can be played again. In one of four rounds code is written anew and given back; in the
/// others all threads share it.
final class StressCampaign {
  private static final int GARBAGE_KEPT = 64;
  private static final int GARBAGE_BYTES_MAX = 1 << 16;
  private static final int GARBAGE_AT_ONCE = 100;
  private static final int COLLECTED_EVERY = 30;
  private static final long GARBAGE_PAUSE_NANOS = 5_000_000;

  private final List<StressCase.Kind> kinds;
  private final long seed;
  private final OptionalLong onlyRound;
  private final Function<Tier, StressKernels> opener;
  private final List<Tier> tiers = StressKernels.tiers();
  private final Map<Tier, StressKernels> shared = new EnumMap<>(Tier.class);
  private final AtomicLong nextRound = new AtomicLong();
  private final LongAdder rounds = new LongAdder();
  private final LongAdder collections = new LongAdder();
  private final Map<String, LongAdder> checks = new ConcurrentSkipListMap<>();
  private final AtomicReference<String> failure = new AtomicReference<>();
  private volatile long end;

  /// @param kinds of work, which rounds take in turn
  /// @param onlyRound played by all threads again and again, if given
  /// @param opener of a tier's kernels
  StressCampaign(
      List<StressCase.Kind> kinds,
      long seed,
      OptionalLong onlyRound,
      Function<Tier, StressKernels> opener) {
    this.kinds = kinds;
    this.seed = seed;
    this.onlyRound = onlyRound;
    this.opener = opener;
  }

  /// Plays rounds for so long, or until one fails.
  void run(int threads, Duration length) throws InterruptedException {
    end = System.nanoTime() + length.toNanos();
    tiers.forEach(tier -> shared.put(tier, opener.apply(tier)));
    var all = new ArrayList<Thread>();
    all.add(Thread.ofPlatform().name("garbage").start(this::litter));
    for (int i = 0; i < threads; i++) {
      all.add(Thread.ofPlatform().start(this::play));
    }
    for (Thread thread : all) {
      thread.join();
    }
    shared.values().forEach(StressKernels::close);
  }

  /// What went wrong first, and how to see it again.
  Optional<String> failure() {
    return Optional.ofNullable(failure.get());
  }

  /// Rounds played so far.
  long rounds() {
    return rounds.sum();
  }

  /// Garbage collections asked for so far.
  long collections() {
    return collections.sum();
  }

  /// Calls compared so far, by kernel and tier: `matrix Q4_0 avx2`.
  Map<String, Long> checks() {
    var counts = new TreeMap<String, Long>();
    checks.forEach((kernel, count) -> counts.put(kernel, count.sum()));
    return counts;
  }

  private boolean isOver() {
    return failure.get() != null || System.nanoTime() - end >= 0;
  }

  private void play() {
    while (!isOver()) {
      long round = onlyRound.orElseGet(nextRound::getAndIncrement);
      // A crash report names the thread.
      Thread.currentThread().setName("round " + round);
      try {
        play(round);
        rounds.increment();
      } catch (Throwable failed) {
        failure.compareAndSet(
            null,
            "round %d of seed %d failed: %s%nagain with ./dev stress --seed %d --round %d"
                .formatted(round, seed, failed, seed, round));
      }
    }
  }

  private void play(long round) throws Exception {
    var random = new Random(seed ^ 0x9e3779b97f4a7c15L * (round + 1));
    var kind = kinds.get((int) (round % kinds.size()));
    try (var pages = new GuardedPages();
        var region = Region.open("stress", MemoryBudget.unlimited());
        var one = kind.make(random, pages, region)) {
      boolean isShared = kind == StressCase.Kind.MODEL || random.nextInt(4) > 0;
      if (isShared) {
        check(one, random, shared);
        return;
      }
      var own = new EnumMap<Tier, StressKernels>(Tier.class);
      try {
        tiers.forEach(tier -> own.put(tier, opener.apply(tier)));
        check(one, random, own);
      } finally {
        own.values().forEach(StressKernels::close);
      }
    }
  }

  private void check(StressCase one, Random random, Map<Tier, StressKernels> kernels) {
    for (int i = 0; i < one.repeats() && !isOver(); i++) {
      Tier tier = tiers.get(random.nextInt(tiers.size()));
      String name = one.kernel() + " " + tier.label();
      try {
        one.check(kernels.get(tier), random);
      } catch (AssertionError | RuntimeException failed) {
        throw new AssertionError(name + ", " + one + ": " + failed.getMessage(), failed);
      }
      checks.computeIfAbsent(name, _ -> new LongAdder()).increment();
    }
  }

  /// Makes garbage of all sizes, some of which lives for a while, and has it collected.
  private void litter() {
    var random = new Random(seed);
    var kept = new byte[GARBAGE_KEPT][];
    while (!isOver()) {
      for (int i = 0; i < GARBAGE_AT_ONCE; i++) {
        kept[random.nextInt(kept.length)] = new byte[random.nextInt(GARBAGE_BYTES_MAX)];
      }
      if (random.nextInt(COLLECTED_EVERY) == 0) {
        System.gc();
        collections.increment();
      }
      LockSupport.parkNanos(GARBAGE_PAUSE_NANOS);
    }
  }
}
