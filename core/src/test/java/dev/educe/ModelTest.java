package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation.Finish;
import dev.educe.engine.RefusedException;
import dev.educe.format.MetadataValue;
import dev.educe.format.ModelFormatException;
import dev.educe.kernels.KvType;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.MemoryBudgetException;
import dev.educe.sampling.Sampling;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The library as a program uses it.
class ModelTest {
  private static final String PROMPT = "hello world";

  @TempDir static Path folder;

  private static Path tiny() throws IOException {
    Path file = folder.resolve("tiny.gguf");
    if (!Files.exists(file)) {
      TinyCheckpoints.of("llama", DType.Q8_0).write(file);
    }
    return file;
  }

  private static Request greedy(String prompt, int tokens) {
    return Request.of(prompt)
        .withTokensMax(tokens)
        .withSampling(Sampling.greedy())
        .withIgnoreEnd(true);
  }

  @Test
  void aRealModelWritesTheStoryThatAnotherEngineWrote() throws IOException {
    Path file = TestData.file("models", "stories260K.gguf");
    String golden =
        Files.readString(TestData.file("golden", "stories260K-greedy-once-upon-a-time.txt"))
            .strip();
    for (String kernels : List.of("scalar", "vector", "")) {
      for (int threads = 1; threads <= 2; threads++) {
        for (KvType kv : List.of(KvType.F32, KvType.F16)) {
          var options = LoadOptions.defaults().withKernels(kernels).withThreads(threads).withKv(kv);
          try (var model = Model.load(file, options)) {
            var generation = model.generate(greedy("Once upon a time", 200));
            assertEquals(200, generation.tokens().size());
            String text = ("Once upon a time" + generation.text()).strip();
            assertEquals(golden, text, kernels + ", " + threads + " threads, " + kv);
          }
        }
      }
    }
  }

  @Test
  void piecesStreamsAndTheWholeAreTheSameText() throws IOException {
    try (var model = Model.load(tiny())) {
      var request = greedy(PROMPT, 40);
      var pieces = new ArrayList<String>();
      var generation = model.generate(request, pieces::add);
      assertEquals(generation.text(), String.join("", pieces));
      assertEquals(Finish.LENGTH, generation.finish());
      assertEquals(40, generation.usage().generatedTokens());
      assertTrue(pieces.size() > 1, "nothing was streamed");
      try (var stream = model.stream(request)) {
        assertEquals(pieces, stream.toList());
      }
      try (var stream = model.stream(request)) {
        assertEquals(pieces.subList(0, 3), stream.limit(3).toList());
      }
    }
  }

  @Test
  void aSeedRepeatsAndAnotherOneDoesNot() throws IOException {
    try (var model = Model.load(tiny())) {
      var sampling = Sampling.defaults().withTemperature(1.5f).withTopK(0).withSeed(7);
      var request = Request.of(PROMPT).withTokensMax(30).withSampling(sampling);
      var first = model.generate(request);
      assertEquals(first.tokens(), model.generate(request).tokens());
      assertEquals(7, first.usage().seed());
      var other = model.generate(request.withSampling(sampling.withSeed(8)));
      assertFalse(first.tokens().equals(other.tokens()));
    }
  }

  @Test
  void aStopTextEndsTheGenerationAndIsNotPartOfIt() throws IOException {
    try (var model = Model.load(tiny())) {
      var whole = model.generate(greedy(PROMPT, 40)).text();
      String stop = whole.substring(8, 11);
      var stopped = model.generate(greedy(PROMPT, 40).withStop(List.of(stop)));
      assertEquals(Finish.STOP, stopped.finish());
      assertEquals(whole.substring(0, whole.indexOf(stop)), stopped.text());
    }
  }

  @Test
  void manyThreadsGetWhatEachWouldGetAlone() throws Exception {
    try (var model = Model.load(tiny(), LoadOptions.defaults().withContextLength(128));
        var pool = Executors.newFixedThreadPool(8)) {
      var prompts = List.of("hello", "the world", "a", "old on the world", "her");
      var alone = prompts.stream().map(prompt -> model.generate(greedy(prompt, 24))).toList();
      var calls = new ArrayList<Callable<List<Integer>>>();
      for (int i = 0; i < 40; i++) {
        String prompt = prompts.get(i % prompts.size());
        calls.add(() -> model.generate(greedy(prompt, 24)).tokens());
      }
      var results = pool.invokeAll(calls);
      for (int i = 0; i < results.size(); i++) {
        assertEquals(alone.get(i % prompts.size()).tokens(), results.get(i).get());
      }
    }
  }

  @Test
  void anInterruptEndsTheGenerationCleanly() throws IOException {
    try (var model = Model.load(tiny())) {
      var generation = model.generate(greedy(PROMPT, 100), _ -> Thread.currentThread().interrupt());
      assertTrue(Thread.interrupted());
      assertEquals(Finish.CANCELLED, generation.finish());
      assertTrue(generation.tokens().size() < 100);
      assertEquals(20, model.generate(greedy(PROMPT, 20)).tokens().size());
    }
  }

  @Test
  void whatCanNeverRunIsRefusedWithTheNumbers() throws IOException {
    try (var model = Model.load(tiny(), LoadOptions.defaults().withContextLength(16))) {
      var tooLong = "hello ".repeat(20);
      var thrown = assertThrows(RefusedException.class, () -> model.generate(greedy(tooLong, 1)));
      assertTrue(thrown.getMessage().contains("context of 16"), thrown.getMessage());
      assertEquals(Finish.LENGTH, model.generate(greedy("hello", 1_000)).finish());
      assertThrows(IllegalArgumentException.class, () -> model.logits(new int[0], _ -> {}));
      assertThrows(
          IllegalArgumentException.class, () -> model.logits(new int[] {100_000}, _ -> {}));
    }
  }

  @Test
  void logitsOfAllPositionsAreThoseOfTheirPrefixes() throws IOException {
    try (var model = Model.load(tiny())) {
      var tokens = new int[70];
      Arrays.setAll(tokens, i -> (i * 37) % model.vocabularySize());
      var rows = new ArrayList<float[]>();
      model.logits(tokens, row -> rows.add(row.toArray(ValueLayout.JAVA_FLOAT)));
      assertEquals(70, rows.size());
      assertEquals(model.vocabularySize(), rows.getFirst().length);
      var last = new ArrayList<float[]>();
      model.logits(Arrays.copyOf(tokens, 41), row -> last.add(row.toArray(ValueLayout.JAVA_FLOAT)));
      assertTrue(Arrays.equals(rows.get(40), last.get(40)));
    }
  }

  @Test
  void changingTheFileAfterLoadingHasNoEffect() throws IOException {
    Path file = folder.resolve("changed.gguf");
    Files.copy(tiny(), file);
    try (var model = Model.load(file)) {
      var before = model.generate(greedy(PROMPT, 20)).tokens();
      Files.write(file, new byte[10]);
      assertEquals(before, model.generate(greedy(PROMPT, 20)).tokens());
      Files.delete(file);
      assertEquals(before, model.generate(greedy(PROMPT, 20)).tokens());
    }
  }

  @Test
  void aModelTooLargeForAnyMachineIsRefusedBeforeAnythingIsAllocated() throws IOException {
    Path file = folder.resolve("context.gguf");
    TinyCheckpoints.of("llama", DType.F32)
        .with("context_length", new MetadataValue.Int(MetadataValue.IntType.UINT32, 1 << 30))
        .write(file);
    var options = LoadOptions.defaults().withContextLength(1 << 30);
    var thrown = assertThrows(MemoryBudgetException.class, () -> Model.load(file, options));
    assertTrue(
        thrown.getMessage().contains("keys and values of 1,073,741,824 tokens"),
        thrown.getMessage());
  }

  /// Whichever piece of memory is the first that does not fit.
  @Test
  void withAnyMemoryAModelLoadsOrSaysTheSums() throws Throwable {
    var plenty = MemoryBudget.of(1L << 40);
    List<Integer> expected;
    long needed;
    try (var model = Model.load(tiny(), limited(plenty))) {
      expected = model.generate(greedy(PROMPT, 5)).tokens();
      needed = plenty.bytes();
    }
    assertEquals(0, plenty.bytes());
    Leaks.assertNoLeaks(() -> {
      int loaded = 0;
      for (int part = 0; part <= 210; part++) {
        long bytes = needed * part / 200;
        var budget = MemoryBudget.of(bytes);
        try (var model = Model.load(tiny(), limited(budget))) {
          assertEquals(expected, model.generate(greedy(PROMPT, 5)).tokens());
          loaded++;
        } catch (MemoryBudgetException refused) {
          assertTrue(bytes < needed, refused.getMessage());
          String sums = "of the memory budget of %,d bytes".formatted(bytes);
          assertTrue(refused.getMessage().contains(sums), refused.getMessage());
        }
        assertEquals(0, budget.bytes(), "held of " + bytes);
      }
      assertTrue(loaded >= 11, loaded + " loaded");
    });
  }

  private static LoadOptions limited(MemoryBudget budget) {
    return LoadOptions.defaults().withThreads(1).withContextLength(64).withBudget(budget);
  }

  @Test
  void whateverLoadingMeetsNothingIsLeftOpen() throws Throwable {
    Leaks.assertNoLeaks(() -> {
      try (var model = Model.load(tiny())) {
        model.generate(greedy(PROMPT, 5));
        assertThrows(
            IllegalStateException.class, () -> model.generate(Request.of(PROMPT), _ -> fail()));
        assertEquals(5, model.generate(greedy(PROMPT, 5)).tokens().size());
      }
      byte[] bytes = Files.readAllBytes(tiny());
      Path cut = folder.resolve("cut.gguf");
      for (int length = 0; length < bytes.length; length += 1 + bytes.length / 40) {
        Files.write(cut, Arrays.copyOf(bytes, length));
        assertThrows(ModelFormatException.class, () -> Model.load(cut));
      }
    });
  }

  private static void fail() {
    throw new IllegalStateException("planted");
  }

  @Test
  void aClosedModelSaysSo() throws IOException {
    var model = Model.load(tiny());
    model.close();
    model.close();
    assertThrows(RefusedException.class, () -> model.generate(Request.of(PROMPT)));
  }
}
