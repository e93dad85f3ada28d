package dev.educe.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KernelSelector;
import dev.educe.sampling.SimpleSampling.Token;
import dev.educe.testing.Allocations;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.function.Executable;

/// Whole chains: their order, what comes before them, and what they draw.
@ExtendWith(Seeded.class)
class ChainTest {
  // On some processors each step of the JDK's sort of primitives returns a pair of pivots, 24
  // bytes;
  // boxed vectors would take some 14,000 bytes for each choice.
  private static final long SORT_BYTES = 1_024;

  private static final int[] NOTHING = {};
  private static final Sampling PLAIN = Sampling.greedy().withTemperature(1);

  /// Whatever truncates the most: kept are the fewest tokens that reach nine tenths.
  @Test
  void theOrderDecidesWhatTruncationSees() {
    var logits = new float[] {3, 2, 1, 0};
    var sampling = PLAIN.withTemperature(0.4f).withTopP(0.9f);
    assertEquals(List.of(0, 1, 2), drawn(sampling, logits));
    assertEquals(List.of(0), drawn(sampling.withOrder(Stage.order("temperature;top_p")), logits));
    assertEquals(
        List.of(0, 1, 2, 3), drawn(sampling.withOrder(Stage.order("temperature")), logits));
    assertEquals(List.of(0, 1, 2, 3), drawn(sampling.withOrder(Stage.order("")), logits));
  }

  @Test
  void scoresMayChangeAfterTokensWereDropped() {
    var logits = new float[] {3, 2.5f, 2.4f, 0};
    var penalties = new Penalties(1, 100, 0, -1);
    var sampling = PLAIN.withTopK(2).with(penalties);
    assertEquals(List.of(1, 2), drawn(sampling, logits, 0));
    var late = sampling.withOrder(Stage.order("top_k;penalties"));
    assertEquals(List.of(1), drawn(late, logits, 0));
    var hot = PLAIN.withTemperature(50).with(penalties);
    // A hundred off a logit still lets a hot token through, but not off what is already divided.
    assertTrue(drawn(hot, logits, 0).contains(0));
    assertEquals(
        List.of(1, 2, 3), drawn(hot.withOrder(Stage.order("temperature;penalties")), logits, 0));
  }

  @Test
  void ordersAreReadAndWritten() {
    assertEquals(List.of(Stage.TOP_K, Stage.TYP_P), Stage.order("top-k; TYP_P"));
    assertEquals(
        "penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;temperature",
        Stage.text(Stage.DEFAULT_ORDER));
    assertEquals(Stage.DEFAULT_ORDER, Stage.order(Stage.text(Stage.DEFAULT_ORDER)));
    refused(
        () -> Stage.order("top_k;;dry"),
        "there is no sampler ''; there are: penalties;dry;top_n_sigma;top_k;typ_p;top_p;min_p;xtc;"
            + "temperature");
    refused(
        () -> PLAIN.withOrder(List.of(Stage.DRY, Stage.DRY)),
        "the samplers name 'dry' twice; name each once");
  }

  @Test
  void biasesAndBansComeFirst() {
    var logits = MemorySegment.ofArray(new float[] {3, 2, 1});
    var rules = TokenRules.NONE.withBias(Map.of(2, 1.5f, 0, Float.NEGATIVE_INFINITY));
    var scratch = new Candidates(3);
    var sampler = new Sampler(Sampling.greedy().with(rules), 0);
    assertEquals(2, sampler.next(logits, NOTHING, 0, scratch));
    var beyond = new Sampler(Sampling.greedy().with(rules.withBias(Map.of(3, 1f))), 0);
    refused(
        () -> beyond.next(logits, NOTHING, 0, scratch),
        "logitBias names token 3; the vocabulary has 3 tokens");
    refused(
        () -> rules.withBias(Map.of(1, Float.NaN)),
        "logitBias of token 1 must be -1000 to 1000 or -infinity, got NaN");
    refused(
        () -> rules.withBias(Map.of(-1, 0f)), "a token id of logitBias must be 0 or more, got -1");
  }

  @Test
  void theSequenceDoesNotEndBeforeItsFewestTokens() {
    var vocabulary = new Vocabulary(4, _ -> new byte[0], _ -> NOTHING, id -> id == 3);
    var rules = TokenRules.NONE.withMinTokens(2).withStopIds(Set.of(2));
    var sampler =
        new Sampler(Sampling.greedy().with(rules), 0, vocabulary, 5, List.of(), Optional.empty());
    var logits = MemorySegment.ofArray(new float[] {0, 1, 2, 3});
    var scratch = new Candidates(4);
    assertEquals(1, sampler.next(logits, new int[9], 5, scratch));
    assertEquals(1, sampler.next(logits, new int[9], 6, scratch));
    assertEquals(3, sampler.next(logits, new int[9], 7, scratch));
    assertTrue(sampler.ends(2) && sampler.ends(3));
    assertTrue(!sampler.ends(0) && !sampler.ends(1));
  }

  @Test
  void processorsSeeTheTokensAndChangeTheLogits() {
    var seen = new ArrayList<Integer>();
    LogitsProcessor reader =
        logits -> {
          for (int i = 0; i < logits.position(); i++) {
            seen.add(logits.token(i));
          }
          assertThrows(IndexOutOfBoundsException.class, () -> logits.token(logits.position()));
          assertThrows(IllegalArgumentException.class, () -> logits.set(0, Float.NaN));
          logits.set(1, logits.at(0) + logits.size());
        };
    LogitsProcessor second = logits -> logits.set(0, logits.at(1) + 1);
    var sampler =
        new Sampler(
            Sampling.greedy(), 0, Vocabulary.UNKNOWN, 0, List.of(reader, second), Optional.empty());
    var row = MemorySegment.ofArray(new float[] {1, 0, 3});
    assertEquals(0, sampler.next(row, new int[] {7, 8, 9}, 2, new Candidates(3)));
    assertEquals(List.of(7, 8), seen);
  }

  @Test
  void aProcessorsExceptionPassesAndLeavesTheScratchGood() {
    LogitsProcessor failing =
        logits -> {
          logits.set(2, 100);
          throw new IllegalStateException("mine");
        };
    var scratch = new Candidates(3);
    var row = MemorySegment.ofArray(new float[] {1, 0, 0});
    var sampler =
        new Sampler(
            Sampling.greedy(), 0, Vocabulary.UNKNOWN, 0, List.of(failing), Optional.empty());
    assertThrows(IllegalStateException.class, () -> sampler.next(row, NOTHING, 0, scratch));
    assertEquals(0, new Sampler(Sampling.greedy(), 0).next(row, NOTHING, 0, scratch));
  }

  @Test
  void aMaskAllowsNoneButItsOwn(Random random) {
    for (int size : new int[] {1, 63, 64, 65, 200, 2_000}) {
      var allowed = new long[(size + 63) / 64];
      var row = new float[size];
      int best = random.nextInt(size);
      for (int id = 0; id < size; id++) {
        row[id] = random.nextFloat();
        // Whole words of either kind are among them.
        if (id == best || (id / 64 % 3 == 1) || (id / 64 % 3 == 0 && random.nextInt(9) == 0)) {
          allowed[id / 64] |= 1L << id;
          best = row[id] > row[best] ? id : best;
        }
      }
      LogitsProcessor mask = logits -> logits.allowOnly(allowed);
      var sampler =
          new Sampler(Sampling.greedy(), 0, Vocabulary.UNKNOWN, 0, List.of(mask), Optional.empty());
      int expected = best;
      for (int id = 0; id < size; id++) {
        boolean isAllowed = (allowed[id / 64] >>> id & 1) != 0;
        expected = isAllowed && row[id] > row[expected] ? id : expected;
      }
      assertEquals(
          expected, sampler.next(MemorySegment.ofArray(row), NOTHING, 0, new Candidates(size)));
    }
    LogitsProcessor few = logits -> logits.allowOnly(new long[1]);
    var sampler = new Sampler(PLAIN, 0, Vocabulary.UNKNOWN, 0, List.of(few), Optional.empty());
    refused(
        () -> sampler.next(MemorySegment.ofArray(new float[65]), NOTHING, 0, new Candidates(65)),
        "65 tokens need 2 words of bits, got 1");
  }

  @Test
  void logProbabilitiesAreTheModelsOwn(Random random) {
    for (int size : new int[] {1, 5, 300, 40_000}) {
      var row = new float[size];
      for (int i = 0; i < size; i++) {
        row[i] = (float) random.nextGaussian() * 4;
      }
      List<Token> tokens = SimpleSampling.tokens(row);
      double[] p = SimpleSampling.probabilities(tokens);
      var scratch = new Candidates(size);
      int rank = random.nextInt(size);
      var actual =
          LogProbabilities.of(MemorySegment.ofArray(row), tokens.get(rank).id(), 20, scratch);
      assertEquals(tokens.get(rank).id(), actual.token());
      assertEquals(Math.log(p[rank]), actual.logProbability(), 1e-5 * -Math.log(p[rank]) + 1e-6);
      assertEquals(Math.min(20, size), actual.count());
      for (int i = 0; i < actual.count(); i++) {
        assertEquals(tokens.get(i).id(), actual.token(i));
        assertEquals(Math.log(p[i]), actual.logProbability(i), 1e-5 * -Math.log(p[i]) + 1e-6);
      }
      refused(
          () -> LogProbabilities.of(MemorySegment.ofArray(row), size, 1, scratch),
          "token must be 0 to " + (size - 1) + ", got " + size);
    }
  }

  /// With 99 degrees of freedom chi-square exceeds 149 once in a thousand; the seeds are fixed.
  @Test
  void drawsFollowTheTruncatedProbabilities() {
    var random = new Random(9);
    var row = new float[5_000];
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) random.nextGaussian();
    }
    var tokens = SimpleSampling.tokens(row);
    for (var sampling : List.of(PLAIN.withTopK(100), PLAIN)) {
      int classes = 100;
      int kept = sampling.truncation().topK() == 0 ? row.length : 100;
      double[] p = SimpleSampling.probabilities(tokens.subList(0, kept));
      var expected = new double[classes];
      var observed = new int[classes];
      var places = new int[row.length];
      for (int rank = 0; rank < kept; rank++) {
        expected[rank * classes / kept] += p[rank];
        places[tokens.get(rank).id()] = rank * classes / kept;
      }
      int draws = 20_000;
      var sequence = new int[draws];
      var logits = MemorySegment.ofArray(row);
      var sampler = new Sampler(sampling.withSeed(4), 1);
      var scratch = new Candidates(row.length);
      for (int position = 0; position < draws; position++) {
        observed[places[sampler.next(logits, sequence, position, scratch)]]++;
      }
      double chiSquare = 0;
      for (int i = 0; i < classes; i++) {
        double mean = draws * expected[i];
        chiSquare += (observed[i] - mean) * (observed[i] - mean) / mean;
      }
      assertTrue(chiSquare < 149, "chi-square " + chiSquare);
    }
  }

  @Test
  void allKernelsGiveTheSameTokens(Random random) {
    var scalar = KernelSelector.select("scalar").kernels().logits();
    var fastest = KernelSelector.select("").kernels().logits();
    var row = new float[30_000];
    for (var sampling : everything()) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian() * 3;
      }
      var tokens = random.ints(200, 0, 50).toArray();
      var drawn = new int[2][20];
      for (int way = 0; way < 2; way++) {
        var scratch = new Candidates(row.length, way == 0 ? scalar : fastest);
        var sampler = new Sampler(sampling.withSeed(11), 0);
        for (int i = 0; i < 20; i++) {
          drawn[way][i] = sampler.next(MemorySegment.ofArray(row), tokens, 100 + i, scratch);
        }
      }
      assertArrayEquals(drawn[0], drawn[1], sampling::toString);
    }
  }

  @Test
  @Tag("steady")
  void noChoiceAllocatesOnceCompiled() throws Throwable {
    var row = new float[2_000];
    var random = new Random(1);
    for (int i = 0; i < row.length; i++) {
      row[i] = (float) random.nextGaussian() * 3;
    }
    var logits = MemorySegment.ofArray(row);
    var tokens = random.ints(400, 0, 50).toArray();
    var scratch = new Candidates(row.length);
    var rules = TokenRules.NONE.withBias(Map.of(3, 1f)).withMinTokens(1_000).withStopIds(Set.of(7));
    for (var sampling : everything()) {
      LogitsProcessor processor = values -> values.set(5, values.at(6));
      var sampler =
          new Sampler(
              sampling.with(rules), 0, Vocabulary.UNKNOWN, 0, List.of(processor), Optional.empty());
      long allocated = Long.MAX_VALUE;
      // Vectors are boxed until they are compiled.
      long deadline = System.nanoTime() + 20_000_000_000L;
      while (allocated > 100 * SORT_BYTES && System.nanoTime() < deadline) {
        allocated =
            Allocations.of(() -> {
              for (int i = 0; i < 100; i++) {
                sampler.next(logits, tokens, 300 + i, scratch);
              }
            });
      }
      long most = allocated;
      assertTrue(most <= 100 * SORT_BYTES, () -> most + " bytes by " + sampling);
    }
  }

  private static List<Sampling> everything() {
    var draws = Sampling.defaults().with(Truncation.NONE).withSeed(1);
    return List.of(
        Sampling.greedy(),
        Sampling.defaults().withSeed(1),
        draws,
        draws.withTopP(0.9f),
        draws.withTypicalP(0.9f),
        draws.with(Truncation.NONE.withTopNSigma(2)),
        draws.with(new Xtc(0.5f, 0.01f)),
        draws.with(new DynamicTemperature(0.5f, 1.5f)),
        draws.with(Mirostat.NONE.withVersion(1)),
        draws.with(Mirostat.NONE.withVersion(2)),
        Sampling.defaults().withSeed(1).with(Dry.of(1)).with(new Penalties(1.2f, 0.1f, 0.1f, -1)),
        draws.withTopP(0.9f).with(Dry.of(1)).withOrder(Stage.order("temperature;top_p;dry")));
  }

  /// Everything that many draws find, ascending.
  private static List<Integer> drawn(Sampling sampling, float[] logits, int... tokens) {
    var sampler = new Sampler(sampling.withSeed(2), 0);
    var scratch = new Candidates(logits.length);
    var found = new TreeSet<Integer>();
    for (int sequence = 0; sequence < 20_000; sequence++) {
      var one = new Sampler(sampler.sampling(), sequence);
      found.add(one.next(MemorySegment.ofArray(logits), tokens, tokens.length, scratch));
    }
    return List.copyOf(found);
  }

  private static void refused(Executable call, String message) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }
}
