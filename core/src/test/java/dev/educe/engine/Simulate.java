package dev.educe.engine;

import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;

/// `./dev simulate`: plays one seed, or many, on all cores.
final class Simulate {
  private static final String HELP =
      """
      ./dev simulate SEED              plays one seed and says what went wrong, if anything
      ./dev simulate --seeds N         plays the seeds 1 to N
          -Dplant=FAULT    with a fault put in: page-leak, lost-wakeup, wrong-prefix, starved-tenant
      """;
  private static final int FAILURES_SHOWN = 10;

  private Simulate() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments.length) {
      case 1 -> new Simulation(Long.parseLong(arguments[0]), Plant.asked()).run();
      case 2 -> {
        if (!playMany(Long.parseLong(arguments[1]))) {
          System.exit(1);
        }
      }
      default -> System.out.print(HELP);
    }
  }

  private static boolean playMany(long seeds) throws InterruptedException {
    long start = System.nanoTime();
    var failures = failures(1, seeds, Plant.asked());
    failures.entrySet().stream()
        .limit(FAILURES_SHOWN)
        .forEach(
            failure -> System.out.println("seed " + failure.getKey() + ": " + failure.getValue()));
    System.out.printf(
        "%,d seeds, %,d failed, %.1f s%n",
        seeds, failures.size(), (System.nanoTime() - start) / 1e9);
    return failures.isEmpty();
  }

  /// Plays so many seeds on all cores.
  ///
  /// @return what went wrong, by seed
  static ConcurrentSkipListMap<Long, String> failures(long firstSeed, long count, Plant plant)
      throws InterruptedException {
    var failures = new ConcurrentSkipListMap<Long, String>();
    var next = new AtomicLong(firstSeed);
    var threads = new Thread[Runtime.getRuntime().availableProcessors()];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofPlatform()
              .start(() -> {
                long seed;
                while ((seed = next.getAndIncrement()) < firstSeed + count) {
                  try {
                    new Simulation(seed, plant).run();
                  } catch (Throwable failed) {
                    failures.put(seed, String.valueOf(failed));
                  }
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    return failures;
  }
}
