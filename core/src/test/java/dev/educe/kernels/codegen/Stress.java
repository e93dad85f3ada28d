package dev.educe.kernels.codegen;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// `./dev stress`: a campaign, and what it counted.
final class Stress {
  private static final String HELP =
      """
      ./dev stress [--minutes M] [--seed S] [--threads T]    random work for all generated code,
                                       compared with the scalar kernels bit for bit; 1 minute on
                                       four times as many threads as cores unless told
      ./dev stress --seed S --round R  one round again, on all threads
          -X…, -D…                     go to the JVM: -XX:+UseZGC
      """;
  private static final Set<String> OPTIONS = Set.of("--minutes", "--seed", "--threads", "--round");
  private static final int THREADS_PER_CORE = 4;
  private static final Duration SHOWN_EVERY = Duration.ofMinutes(1);

  private Stress() {}

  public static void main(String[] arguments) throws InterruptedException {
    var options = new HashMap<String, Long>();
    for (int i = 0; i < arguments.length; i += 2) {
      boolean isNumber = i + 1 < arguments.length && arguments[i + 1].matches("-?[0-9]{1,19}");
      if (!OPTIONS.contains(arguments[i]) || !isNumber) {
        System.err.print(HELP);
        System.exit(2);
      }
      options.put(arguments[i], Long.parseLong(arguments[i + 1]));
    }
    List<Tier> tiers = StressKernels.tiers();
    if (tiers.isEmpty()) {
      System.err.println("stress: " + Tier.best().reason());
      System.exit(2);
    }
    long seed = options.getOrDefault("--seed", System.nanoTime());
    int cores = Runtime.getRuntime().availableProcessors();
    int threads = options.getOrDefault("--threads", (long) cores * THREADS_PER_CORE).intValue();
    var length = Duration.ofMinutes(options.getOrDefault("--minutes", 1L));
    var round = options.get("--round");
    var campaign =
        new StressCampaign(
            List.of(StressCase.Kind.values()),
            seed,
            round == null ? OptionalLong.empty() : OptionalLong.of(round),
            StressKernels::open);
    System.out.printf(
        "seed %d, %d minutes, %d threads on %d cores, tiers %s%n",
        seed,
        length.toMinutes(),
        threads,
        cores,
        String.join(", ", tiers.stream().map(Tier::label).toList()));
    Thread.ofPlatform().daemon().start(() -> showProgress(campaign));
    campaign.run(threads, length);
    report(campaign);
    campaign
        .failure()
        .ifPresent(failure -> {
          System.out.println(failure);
          System.exit(1);
        });
  }

  private static void showProgress(StressCampaign campaign) {
    try {
      while (true) {
        Thread.sleep(SHOWN_EVERY);
        show(campaign);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void show(StressCampaign campaign) {
    long checks = campaign.checks().values().stream().mapToLong(Long::longValue).sum();
    System.out.printf(
        "%,d rounds, %,d calls compared, %,d garbage collections, %d mismatches%n",
        campaign.rounds(), checks, campaign.collections(), campaign.failure().isPresent() ? 1 : 0);
  }

  private static void report(StressCampaign campaign) {
    for (Map.Entry<String, Long> count : campaign.checks().entrySet()) {
      System.out.printf("%-40s %,12d%n", count.getKey(), count.getValue());
    }
    show(campaign);
  }
}
