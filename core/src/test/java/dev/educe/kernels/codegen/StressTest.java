package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.RowKernels;
import dev.educe.platform.Region;
import dev.educe.testing.Leaks;
import dev.educe.testing.Seeded;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// A few seconds of `./dev stress`, and whether it would see anything.
@ExtendWith(Seeded.class)
class StressTest {
  private static final int THREADS = 4 * Runtime.getRuntime().availableProcessors();

  @BeforeEach
  void memoryIsGuarded() {
    assumeTrue(Tier.best().tier().isPresent(), () -> Tier.best().reason());
    System.setProperty(Region.GUARDED_PROPERTY, "true");
  }

  @AfterEach
  void memoryIsGuardedNoMore() {
    System.clearProperty(Region.GUARDED_PROPERTY);
  }

  private static StressCampaign play(
      List<StressCase.Kind> kinds,
      long seed,
      OptionalLong round,
      Duration length,
      Function<Tier, StressKernels> opener)
      throws InterruptedException {
    var campaign = new StressCampaign(kinds, seed, round, opener);
    campaign.run(THREADS, length);
    return campaign;
  }

  @Test
  void mixedLoadChangesNoBitAndLeavesNothingOpen(Random random) throws Throwable {
    var kinds = EnumSet.complementOf(EnumSet.of(StressCase.Kind.MODEL));
    int arenas = CodeArena.openArenas();
    Leaks.assertNoLeaks(() -> {
      var campaign =
          play(
              List.copyOf(kinds),
              random.nextLong(),
              OptionalLong.empty(),
              Duration.ofSeconds(4),
              StressKernels::open);
      assertEquals(Optional.empty(), campaign.failure());
      var seen =
          campaign.checks().keySet().stream()
              .map(kernel -> kernel.split(" ")[0].toUpperCase(Locale.ROOT))
              .map(StressCase.Kind::valueOf)
              .collect(Collectors.toSet());
      assertEquals(kinds, seen);
    });
    assertEquals(arenas, CodeArena.openArenas());
  }

  @Test
  void aModelUnderGuardWritesTheTextsOfTheScalarKernels(Random random) throws Throwable {
    Leaks.assertNoLeaks(() -> {
      try (var model = ModelStress.random(random);
          var kernels = StressKernels.open(Tier.best().tier().orElseThrow())) {
        model.check(kernels, random);
      }
    });
  }

  @Test
  void aChangedBitIsToldWithTheRoundThatShowsIt(Random random) throws InterruptedException {
    var kinds = List.of(StressCase.Kind.ROWS, StressCase.Kind.MERGE);
    long seed = random.nextLong();
    var length = Duration.ofMinutes(1);
    var campaign = play(kinds, seed, OptionalLong.empty(), length, StressTest::openBroken);
    String failure = campaign.failure().orElseThrow();
    assertTrue(failure.contains("again with ./dev stress --seed " + seed), failure);
    long round = Long.parseLong(failure.substring(failure.lastIndexOf(' ') + 1));
    assertEquals(0, round % kinds.size());
    var again = play(kinds, seed, OptionalLong.of(round), length, StressTest::openBroken);
    assertTrue(again.failure().isPresent());
  }

  /// Kernels that do nothing to rows.
  private static StressKernels openBroken(Tier tier) {
    var whole = StressKernels.open(tier);
    var rows =
        (RowKernels)
            Proxy.newProxyInstance(
                RowKernels.class.getClassLoader(),
                new Class<?>[] {RowKernels.class},
                (_, _, _) -> null);
    return new StressKernels(tier, whole.matrix(), whole.attention(), rows, whole.closer());
  }
}
