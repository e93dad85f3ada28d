package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.cache.PagePool;
import dev.educe.cache.PrefixKey;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who gets how much of the steps, counted in tokens and steps, on a clock that stands still.
class FairnessTest {
  private static final long MILLI = 1_000_000;

  private final PagePool pool = new PagePool(4_000, 16);
  private final SimulatedClock clock = new SimulatedClock();
  private final Stepper stepper =
      new Stepper(
          new SimulatedExecutor(pool, 256, 16, Integer.MAX_VALUE, _ -> 7, clock, 5 * MILLI, MILLI),
          new Candidates(SimulatedExecutor.VOCABULARY),
          Speculation.NONE,
          EngineOptions.of(20_000, 8),
          clock,
          Meter.NONE);

  private static final Listener NOBODY =
      new Listener() {
        @Override
        public void token(Event.Token token) {}

        @Override
        public void ended(Ended ended) {}
      };

  /// A request whose prompt is like no other's.
  private Sequence submit(String tenant, int priority, int promptTokens, int tokensMax) {
    int[] prompt = new int[promptTokens];
    Arrays.setAll(prompt, i -> (i * 31 + promptTokens) % SimulatedExecutor.VOCABULARY);
    var key = new PrefixKey(tenant, "model", "", "F16", 1);
    var work =
        Work.of(prompt, tokensMax, key, new Sampler(Sampling.greedy(), 0), NOBODY)
            .withPriority(priority);
    return stepper.add(work, stepper.admission().admit(work, 0));
  }

  @Test
  void aLowerPriorityMovesAndHoldsUpNobody() {
    var high = List.of(submit("a", 1, 10, 5_000), submit("a", 1, 11, 5_000));
    var low = submit("a", 0, 12, 40);
    int steps = 0;
    while (!low.hasEnded) {
      stepper.step();
      steps++;
    }
    int highTokens = high.stream().mapToInt(Sequence::generated).sum();
    int lowTokens = 12 + low.generated();
    assertTrue(lowTokens * 100 >= highTokens, lowTokens + " tokens beside " + highTokens);
    assertTrue(lowTokens * 40 <= highTokens, lowTokens + " tokens beside " + highTokens);
    assertTrue(high.getFirst().generated() >= steps - 2, "the higher priority missed steps");
  }

  @Test
  void aCrowdOfTextsToEmbedHoldsUpNoGeneration() {
    var writing = submit("a", 0, 10, 5_000);
    var key = new PrefixKey("a", "model", "", "F16", 1);
    for (int i = 0; i < 500; i++) {
      var work =
          Work.of(new int[400], 0, key, new Sampler(Sampling.greedy(), 0), NOBODY)
              .withStates(0, (_, _, _) -> {});
      stepper.add(work, stepper.admission().admit(work, 0));
    }
    stepper.step();
    int before = writing.generated();
    var late = List.of(submit("b", 0, 1_000, 100), submit("c", 0, 2_000, 100));
    var sameTenant = submit("a", 0, 50, 100);
    for (int step = 1; step <= 60; step++) {
      stepper.step();
      assertEquals(before + step, writing.generated(), "a text to embed was put first");
      assertTrue(sameTenant.generated() > 0 || step < 12, "it waits for texts of its own tenant");
      long reading =
          stepper.scheduler().sequences().stream()
              .filter(sequence -> sequence.isRunning && sequence.work.readsStates())
              .count();
      assertTrue(reading <= 4, reading + " of 8 places are taken by texts to embed");
    }
    for (var sequence : late) {
      assertTrue(sequence.generated() > 0, "a prompt waits behind texts to embed");
    }
    int cached = stepper.tree().pages();
    while (!stepper.scheduler().sequences().stream().allMatch(s -> s.hasEnded)) {
      stepper.step();
    }
    assertTrue(stepper.tree().pages() - cached < 1_000, "texts to embed fill the prefix tree");
  }

  @Test
  void aLowerPriorityAloneIsNotHeldBack() {
    var low = submit("a", -3, 100, 10);
    for (int step = 0; step < 16; step++) {
      stepper.step();
    }
    assertTrue(low.hasEnded);
  }

  @Test
  void aLowerPriorityTakesShortStepsWhileAHigherOneWasHereLately() {
    var high = submit("a", 0, 3_000, 1);
    while (!high.hasEnded) {
      stepper.step();
    }
    var low = submit("b", -1, 9_000, 1);
    stepper.step();
    int few = low.computed;
    stepper.step();
    assertEquals(2 * few, low.computed);
    clock.advance(Scheduler.LATELY_NANOS);
    stepper.step();
    int many = low.computed - 2 * few;
    assertTrue(many > 4 * few, "steps of %d tokens, then %d".formatted(few, many));
  }

  @Test
  void tenantsGetEqualPartsHoweverTheyCutTheirWork() {
    var longs = new ArrayList<Sequence>();
    var shorts = new ArrayList<Sequence>();
    for (int i = 0; i < 60; i++) {
      longs.add(submit("long", 0, 900 + i, 30));
    }
    for (int i = 0; i < 600; i++) {
      shorts.add(submit("short", 0, 90 + i % 40, 3));
    }
    for (int step = 0; step < 300; step++) {
      stepper.step();
    }
    double ofLong = served(longs);
    double ofShort = served(shorts);
    double sum = ofLong + ofShort;
    double jain = sum * sum / (2 * (ofLong * ofLong + ofShort * ofShort));
    assertTrue(jain >= 0.95, "%.0f and %.0f tokens: %.3f".formatted(ofLong, ofShort, jain));
  }

  @Test
  void aFloodHalvesAnothersPartAndNoMore() {
    long alone = longestFirstToken(400);
    for (int i = 0; i < 500; i++) {
      submit("flood", 0, 300 + i % 50, 60);
    }
    for (int step = 0; step < 10; step++) {
      stepper.step();
    }
    long flooded = longestFirstToken(420);
    // And the step that was under way.
    assertTrue(
        flooded <= 2 * alone + EngineOptions.STEP_NANOS_MAX,
        flooded / MILLI + " ms instead of " + alone / MILLI);
  }

  /// Of twenty requests of a tenant, which sends the next when the last has ended; no prompt is
  /// like another.
  private long longestFirstToken(int promptTokens) {
    long longest = 0;
    for (int i = 0; i < 20; i++) {
      long asked = clock.nanos();
      var sequence = submit("small", 0, promptTokens + i, 4);
      while (sequence.generated() == 0) {
        stepper.step();
      }
      longest = Math.max(longest, clock.nanos() - asked);
      while (!sequence.hasEnded) {
        stepper.step();
      }
    }
    return longest;
  }

  private static double served(List<Sequence> sequences) {
    return sequences.stream().mapToDouble(s -> s.reached + s.generated()).sum();
  }

  @Test
  void aLongPromptDelaysShortOnesByAChunk() {
    submit("a", 0, 15_000, 10);
    for (int step = 0; step < 5; step++) {
      stepper.step();
    }
    for (int chat = 0; chat < 5; chat++) {
      var sequence = submit("a", 0, 20 + chat, 3);
      stepper.step();
      assertEquals(1, sequence.generated(), "it waited for the long one");
    }
  }

  @Test
  void aStepTakesNoLongerThanItMay() {
    submit("a", 0, 15_000, 10);
    long worst = 0;
    for (int step = 0; step < 50; step++) {
      long before = clock.nanos();
      stepper.step();
      worst = Math.max(worst, clock.nanos() - before);
    }
    assertTrue(worst <= EngineOptions.STEP_NANOS_MAX, worst / MILLI + " ms");
    assertTrue(worst >= EngineOptions.STEP_NANOS_MAX / 2, "steps are shorter than they need be");
  }

  @Test
  void usageIsExact() {
    // A step takes 5 ms and one for each token; 25 tokens take two pages of 16.
    var cold = submit("shop", 0, 20, 5);
    while (!cold.hasEnded) {
      stepper.step();
    }
    var usage = cold.usage(clock.nanos());
    assertEquals(0, usage.cachedTokens());
    assertEquals(0, usage.queueNanos());
    assertEquals(25 * MILLI, usage.prefillNanos());
    assertEquals(4 * 6 * MILLI, usage.decodeNanos());
    assertEquals(2 * 49 * MILLI, usage.pageNanos());
    var warm = submit("shop", 0, 20, 1);
    while (!warm.hasEnded) {
      stepper.step();
    }
    usage = warm.usage(clock.nanos());
    assertEquals(16, usage.cachedTokens());
    assertEquals(9 * MILLI, usage.prefillNanos());
    assertEquals(2 * 9 * MILLI, usage.pageNanos());
    var shop = stepper.totals().get("shop");
    assertEquals(40, shop.promptTokens());
    assertEquals(16, shop.cachedTokens());
    assertEquals(6, shop.generatedTokens());
  }

  @Test
  void aRecordingTellsOfEachRequest(@TempDir Path folder) throws IOException {
    try (var recording = new Recording()) {
      recording.enable("dev.educe.Request");
      recording.start();
      var sequence = submit("shop", 0, 20, 5);
      while (!sequence.hasEnded) {
        stepper.step();
      }
      recording.stop();
      var file = folder.resolve("events.jfr");
      recording.dump(file);
      var events = RecordingFile.readAllEvents(file);
      assertEquals(1, events.size());
      assertEquals("shop", events.getFirst().getString("tenant"));
      assertEquals("LENGTH", events.getFirst().getString("finish"));
      assertEquals(20, events.getFirst().getInt("promptTokens"));
      assertEquals(5, events.getFirst().getInt("generatedTokens"));
    }
  }
}
