package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PrefixKey;
import dev.educe.kernels.KvType;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Models;
import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What a request gets does not depend on who else is served, how its prompt is cut, what is in the
/// prefix tree, or how often it loses its pages.
@ExtendWith(Seeded.class)
class BatchInvarianceTest {
  private static final int REQUESTS = 16;
  private static final int GENERATED = 20;

  /// A request and its answer: tokens, and a hash of the bits of its prompt's logits.
  private static final class Asked {
    final int[] prompt;
    final Sampling sampling;
    final List<Integer> tokens = new ArrayList<>();
    final List<Integer> rows = new ArrayList<>();
    EventQueue queue;
    Usage usage;

    Asked(int[] prompt, Sampling sampling) {
      this.prompt = prompt;
      this.sampling = sampling;
    }

    Asked again() {
      return new Asked(prompt, sampling);
    }

    void submit(Engine engine, String tenant, boolean readsRows) {
      queue = new EventQueue(4, engine::wake);
      var key = new PrefixKey(tenant, "model", "", "F32", 1);
      var work = Work.of(prompt, GENERATED, key, new Sampler(sampling, 0), queue);
      engine.submit(
          readsRows
              ? work.withRows(
                  (_, row, _) -> rows.add(Arrays.hashCode(row.toArray(ValueLayout.JAVA_INT))))
              : work);
    }

    void take() throws InterruptedException {
      while (usage == null) {
        switch (queue.take()) {
          case Event.Token token -> tokens.add(token.id());
          case Ended ended -> {
            assertEquals(Finish.LENGTH, ended.finish(), () -> "" + ended.cause());
            usage = ended.usage();
          }
        }
      }
    }
  }

  private static CpuExecutor.Options options(int pages, int batchTokens) {
    return new CpuExecutor.Options(KvType.F32, pages, 16, 512, batchTokens, 20, false);
  }

  private static Engine engine(Models models, int sequencesMax) {
    return new Engine(
        models.executor(),
        new Candidates(models.vocabularySize()),
        Speculation.NONE,
        EngineOptions.of(512, sequencesMax),
        Clock.system(),
        Meter.NONE);
  }

  private static List<Asked> requests(Random random, int vocabulary) {
    int[] shared = random.ints(40, 3, vocabulary).toArray();
    return IntStream.range(0, REQUESTS)
        .mapToObj(i -> {
          int[] prompt = random.ints(1 + random.nextInt(90), 3, vocabulary).toArray();
          System.arraycopy(
              shared, 0, prompt, 0, Math.min(prompt.length, random.nextInt(shared.length)));
          var sampling =
              i % 2 == 0 ? Sampling.greedy() : Sampling.defaults().withTemperature(1).withSeed(i);
          return new Asked(prompt, sampling);
        })
        .toList();
  }

  private static List<Asked> alone(Path file, List<Asked> requests) throws Exception {
    try (var models = Models.open(file, "", 2, options(64, 48));
        var engine = engine(models, 1)) {
      for (int i = 0; i < requests.size(); i++) {
        // Tenants of their own, so that nobody finds anything in the prefix tree.
        requests.get(i).submit(engine, "alone " + i, true);
        requests.get(i).take();
      }
    }
    return requests;
  }

  private static long together(
      Path file, List<Asked> alone, CpuExecutor.Options options, boolean readsRows)
      throws Exception {
    long recomputed = 0;
    try (var models = Models.open(file, "", 2, options);
        var engine = engine(models, REQUESTS)) {
      var together = alone.stream().map(Asked::again).toList();
      together.forEach(asked -> asked.submit(engine, "all", readsRows));
      for (int i = 0; i < together.size(); i++) {
        together.get(i).take();
        assertEquals(alone.get(i).tokens, together.get(i).tokens, "request " + i);
        if (readsRows) {
          assertEquals(alone.get(i).rows, together.get(i).rows, "request " + i);
        }
        recomputed += together.get(i).usage.recomputedTokens();
      }
      // Once more: all of them find their beginnings in the tree now.
      var warm = alone.getLast().again();
      warm.submit(engine, "all", false);
      warm.take();
      assertEquals(alone.getLast().tokens, warm.tokens);
    }
    return recomputed;
  }

  private static void check(Path file, int vocabulary, Random random) throws Exception {
    var alone = alone(file, requests(random, vocabulary));
    for (int run = 0; run < 3; run++) {
      together(file, alone, options(200, 17 + random.nextInt(100)), run == 0);
    }
    // 14 pages hold the longest request twice: the others lose theirs again and again.
    long recomputed = together(file, alone, options(14, 40), false);
    assertTrue(recomputed > 0, "nobody lost its pages");
  }

  @Test
  void companyChangesNoBitOfARealModel(Random random) throws Exception {
    check(TestData.file("models", "stories260K.gguf"), 512, random);
  }

  @Test
  void companyChangesNoBitOfAQuantizedModel(Random random, @TempDir Path folder) throws Exception {
    var file = TinyCheckpoints.of("qwen3", DType.Q4_0).write(folder.resolve("tiny.gguf"));
    check(file, 290, random);
  }

  /// All begin alike at the same time, and evict each other.
  @Test
  void aCrowdInASmallCacheLosesItsPagesAFewTimesAndNoBit(Random random, @TempDir Path folder)
      throws Exception {
    var file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("tiny.gguf"));
    int[] shared = random.ints(40, 3, 290).toArray();
    var crowd = new ArrayList<Asked>();
    int pages = 0;
    for (int i = 0; i < 64; i++) {
      int[] own = random.ints(1 + random.nextInt(60), 3, 290).toArray();
      int[] prompt = Arrays.copyOf(shared, shared.length + own.length);
      System.arraycopy(own, 0, prompt, shared.length, own.length);
      crowd.add(new Asked(prompt, Sampling.greedy()));
      pages += Math.ceilDiv(prompt.length + GENERATED, 16);
    }
    alone(file, crowd);
    int preempted = 0;
    try (var models = Models.open(file, "", 2, options(pages / 10, 40));
        var engine = engine(models, 16)) {
      var together = crowd.stream().map(Asked::again).toList();
      together.forEach(asked -> asked.submit(engine, "all", false));
      for (int i = 0; i < together.size(); i++) {
        together.get(i).take();
        assertEquals(crowd.get(i).tokens, together.get(i).tokens, "request " + i);
        int preemptions = together.get(i).usage.preemptions();
        assertTrue(preemptions <= 4, preemptions + " preemptions");
        preempted += preemptions;
      }
    }
    assertTrue(preempted > 0, "nobody lost its pages");
  }

  @Test
  void aWindowedModelFreesWhatItNoLongerSees(@TempDir Path folder, Random random) throws Exception {
    var file =
        TinyCheckpoints.of("llama", DType.Q8_0)
            .with("attention.sliding_window", 32)
            .write(folder.resolve("windowed.gguf"));
    int[] prompt = random.ints(200, 3, 290).toArray();
    var cold = new Asked(prompt, Sampling.greedy());
    var windowed = cold.again();
    try (var models = Models.open(file, "", 1, options(64, 48))) {
      try (var engine = engine(models, 2)) {
        cold.submit(engine, "cold", false);
        cold.take();
      }
    }
    try (var models = Models.open(file, "", 1, options(64, 48));
        var engine =
            new Engine(
                models.executor(),
                new Candidates(models.vocabularySize()),
                Speculation.NONE,
                EngineOptions.of(512, 2).withWindow(64),
                Clock.system(),
                Meter.NONE)) {
      windowed.submit(engine, "windowed", false);
      windowed.take();
      int held = engine.progress().cachedPages();
      assertTrue(held < 12, held + " pages are kept of which nobody sees the first any more");
    }
    assertEquals(cold.tokens, windowed.tokens);
  }
}
