package dev.educe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.Generation.Finish;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.LogProbabilities;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.TokenRules;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// What a request may ask for, from the library's door to the engine and back.
@ExtendWith(Seeded.class)
class RequestTest {
  private static Model model;

  @BeforeAll
  static void load(@TempDir Path folder) throws IOException {
    var file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("tiny.gguf"));
    model = Model.load(file, LoadOptions.defaults().withThreads(1).withSequences(8));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Request greedy(int tokens) {
    return Request.of("hello world")
        .withTokensMax(tokens)
        .withSampling(Sampling.greedy())
        .withIgnoreEnd(true);
  }

  private static Sampling drawn(long seed) {
    return Sampling.defaults().withTemperature(1.5f).withTopK(0).withSeed(seed);
  }

  @Test
  void eachCopyChangesOneThing() {
    List<LogitsProcessor> processors = List.of(_ -> {});
    var request =
        Request.of("a")
            .withTokensMax(1)
            .withSampling(Sampling.greedy())
            .withProcessors(processors)
            .withLogprobs(2)
            .withPromptLogprobs(3)
            .withStop(List.of("b"))
            .withSpecial(true)
            .withIgnoreEnd(true)
            .withTenant("t")
            .withPriority(4)
            .withDeadline(Duration.ofSeconds(5));
    assertEquals("a", request.prompt());
    assertEquals(1, request.tokensMax());
    assertSame(Sampling.greedy(), request.sampling());
    assertEquals(processors, request.processors());
    assertEquals(2, request.logprobs().orElseThrow());
    assertEquals(3, request.promptLogprobs().orElseThrow());
    assertEquals(List.of("b"), request.stop());
    assertTrue(request.special() && request.ignoreEnd());
    assertEquals("t", request.tenant());
    assertEquals(4, request.priority());
    assertEquals(Duration.ofSeconds(5), request.deadline());
    assertThrows(IllegalArgumentException.class, () -> request.withLogprobs(-1));
    assertEquals(request, request.withPriority(5).withPriority(4));
  }

  @Test
  void aProcessorOfAProgramChoosesAndItsFailureIsItsOwn() {
    LogitsProcessor onlyEven =
        logits -> {
          for (int id = 1; id < logits.size(); id += 2) {
            logits.set(id, Float.NEGATIVE_INFINITY);
          }
        };
    var even = model.generate(greedy(20).withProcessors(List.of(onlyEven)));
    assertTrue(even.tokens().stream().allMatch(id -> id % 2 == 0), even.tokens().toString());
    var alone = model.generate(greedy(40)).tokens();
    try (var beside = model.start(greedy(40))) {
      for (Throwable planted :
          List.of(new IllegalArgumentException("planted"), new AssertionError("planted"))) {
        LogitsProcessor failing = logits -> throwAt(logits.position(), planted);
        var request = greedy(40).withProcessors(List.of(failing));
        var thrown = assertThrows(RuntimeException.class, () -> model.generate(request));
        assertTrue(thrown.getMessage().contains("planted"), thrown.getMessage());
      }
      beside.forEachRemaining(_ -> {});
      assertEquals(alone, beside.result().tokens());
    }
  }

  private static void throwAt(int position, Throwable planted) {
    if (position > 10) {
      switch (planted) {
        case RuntimeException exception -> throw exception;
        case Error error -> throw error;
        default -> throw new IllegalStateException(planted);
      }
    }
  }

  /// The log probabilities of a text, written and read again, against those of all logits.
  @Test
  void logprobsAreThoseOfTheModelsLogits() {
    var written = model.generate(greedy(12).withSampling(drawn(3)).withLogprobs(4));
    int[] prompt = model.tokenizer().encode("hello world", false);
    var tokens = new ArrayList<Integer>();
    for (int token : prompt) {
      tokens.add(token);
    }
    tokens.addAll(written.tokens());
    int[] all = tokens.stream().mapToInt(Integer::intValue).toArray();
    var scratch = new Candidates(model.vocabularySize());
    var expected = new ArrayList<LogProbabilities>();
    var rows = new ArrayList<float[]>();
    model.logits(all, row -> rows.add(row.toArray(ValueLayout.JAVA_FLOAT)));
    for (int i = 1; i < all.length; i++) {
      var row = MemorySegment.ofArray(rows.get(i - 1));
      expected.add(LogProbabilities.of(row, all[i], 4, scratch));
    }
    assertEquals(12, written.logprobs().size());
    assertSameLogprobs(expected.subList(prompt.length - 1, expected.size()), written.logprobs());
    assertTrue(written.promptLogprobs().isEmpty());

    var read = model.generate(greedy(0).withPromptLogprobs(4));
    assertEquals(Finish.LENGTH, read.finish());
    assertSameLogprobs(expected.subList(0, prompt.length - 1), read.promptLogprobs());
    // The same when the prompt is known already.
    read = model.generate(greedy(3).withPromptLogprobs(4));
    assertSameLogprobs(expected.subList(0, prompt.length - 1), read.promptLogprobs());
    assertTrue(read.logprobs().isEmpty());
  }

  private static void assertSameLogprobs(
      List<LogProbabilities> expected, List<LogProbabilities> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      var a = expected.get(i);
      var b = actual.get(i);
      assertEquals(a.token(), b.token());
      assertEquals(a.logProbability(), b.logProbability());
      assertEquals(4, b.count());
      for (int rank = 0; rank < a.count(); rank++) {
        assertEquals(a.token(rank), b.token(rank));
        assertEquals(a.logProbability(rank), b.logProbability(rank));
      }
    }
  }

  @Test
  void aStreamTellsTheLogprobsOfItsPieces() {
    try (var continuation = model.start(greedy(5).withLogprobs(0))) {
      for (int read = 0; continuation.tokens().size() < 5; read++) {
        assertEquals(read, continuation.logprobs().size());
        continuation.next();
        assertEquals(continuation.tokens().getLast(), continuation.logprobs().getLast().token());
        assertTrue(continuation.logprobs().getLast().logProbability() < 0);
      }
    }
  }

  @Test
  void severalContinuationsDifferRepeatAndCountThePromptOnce() {
    String prompt = "the world is old ".repeat(10);
    var request =
        Request.of(prompt)
            .withTokensMax(20)
            .withSampling(drawn(5))
            .withIgnoreEnd(true)
            .withTenant("several");
    var several = model.generate(request, 4);
    assertEquals(4, new HashSet<>(several.stream().map(Generation::tokens).toList()).size());
    var again = model.generate(request, 4);
    for (int i = 0; i < 4; i++) {
      assertEquals(several.get(i).tokens(), again.get(i).tokens());
    }
    var alone = model.generate(request);
    assertEquals(alone.tokens(), several.getFirst().tokens());
    int promptTokens = alone.usage().promptTokens();
    assertEquals(promptTokens, several.stream().mapToInt(one -> one.usage().promptTokens()).sum());
    assertEquals(3L * promptTokens, model.totals().get("several").promptTokens());
    assertEquals(9L * 20, model.totals().get("several").generatedTokens());
    assertThrows(IllegalArgumentException.class, () -> model.start(request, 0));
  }

  @Test
  void stopIdsEndTheTextAndAreNotPartOfIt() {
    var whole = model.generate(greedy(30));
    int stopId = whole.tokens().get(7);
    int at = whole.tokens().indexOf(stopId);
    for (boolean ignoresEnd : List.of(true, false)) {
      var rules = TokenRules.NONE.withStopIds(Set.of(stopId));
      var request = greedy(30).withSampling(Sampling.greedy().with(rules));
      var stopped = model.generate(request.withIgnoreEnd(ignoresEnd));
      assertEquals(Finish.STOP, stopped.finish());
      assertEquals(whole.tokens().subList(0, at), stopped.tokens());
      assertTrue(whole.text().startsWith(stopped.text()));
    }
    var rules = TokenRules.NONE.withStopIds(Set.of(stopId)).withMinTokens(15);
    var longer = model.generate(greedy(30).withSampling(Sampling.greedy().with(rules)));
    assertTrue(longer.tokens().size() >= 15);
    assertFalse(longer.tokens().contains(stopId));
  }

  /// Whatever a stop text cuts, in the middle of tokens or characters, none of it is handed over.
  @Test
  void aStopTextNeverShowsInAStream(Random random) {
    for (int run = 0; run < 60; run++) {
      var request = greedy(40).withSampling(drawn(run));
      String whole = model.generate(request).text();
      int from = random.nextInt(whole.length() - 1);
      int to = Math.min(whole.length(), from + 1 + random.nextInt(8));
      String stop = whole.substring(from, to);
      if (stop.contains("\ufffd")
          || Character.isLowSurrogate(stop.charAt(0))
          || Character.isHighSurrogate(stop.charAt(stop.length() - 1))) {
        continue;
      }
      var seen = new StringBuilder();
      var stopped =
          model.generate(
              request.withStop(List.of(stop, "never there")),
              piece -> {
                seen.append(piece);
                assertFalse(seen.toString().contains(stop), "the stop text was shown");
                assertTrue(whole.substring(0, whole.indexOf(stop)).startsWith(seen.toString()));
              });
      assertEquals(Finish.STOP, stopped.finish());
      assertEquals(whole.substring(0, whole.indexOf(stop)), seen.toString());
      assertEquals(seen.toString(), stopped.text());
    }
  }
}
