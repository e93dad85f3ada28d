package dev.educe.bench;

import dev.educe.kernels.KernelSelector;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Dry;
import dev.educe.sampling.LogProbabilities;
import dev.educe.sampling.Mirostat;
import dev.educe.sampling.Penalties;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Truncation;
import dev.educe.sampling.Xtc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/// `./dev bench sampling`: what choosing a token costs, in microseconds.
///
/// Logits are of two kinds: *peaked* ones fall off from a few likely tokens as a language model's
/// do, *flat* ones are normal numbers, whose probability is spread over thousands of tokens. Each
/// choice gets another row and position. Rounds alternate between settings.
final class SamplingCommand {
  private static final Set<String> VALUED = Set.of("--vocabulary", "--rounds", "--kernels");
  private static final int VOCABULARY = 131_072;
  private static final int ROUNDS = 200;
  private static final int WARM_UP_ROUNDS = 100;
  private static final int CHOICES = 5;
  private static final int ROWS = 4;
  private static final int SEQUENCE = 8_192;
  private static final int DISTINCT = 3_000;

  private final int vocabulary;
  private final int rounds;
  private final String kernels;

  private interface Choice {
    int of(MemorySegment logits, int tokenCount);
  }

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  SamplingCommand(List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    this.vocabulary = arguments.number("--vocabulary", VOCABULARY);
    this.rounds = arguments.number("--rounds", ROUNDS);
    this.kernels = arguments.value("--kernels").orElse("");
  }

  void run() {
    var selected = KernelSelector.select(kernels).kernels();
    var scratch = new Candidates(vocabulary, selected.logits());
    var random = new Random(1);
    int[] tokens = random.ints(SEQUENCE, 0, Math.min(DISTINCT, vocabulary)).toArray();
    System.out.printf("%s; vocabulary of %,d%n", selected.name(), vocabulary);
    try (var region = Region.open("logits", MemoryBudget.unlimited())) {
      for (boolean isPeaked : new boolean[] {true, false}) {
        var rows = new MemorySegment[ROWS];
        for (int i = 0; i < ROWS; i++) {
          rows[i] = region.allocate((long) vocabulary * Float.BYTES);
          fill(rows[i], isPeaked, random);
        }
        measure(isPeaked ? "peaked" : "flat", choices(tokens, scratch), rows);
      }
    }
  }

  private static void fill(MemorySegment row, boolean isPeaked, Random random) {
    long count = row.byteSize() / Float.BYTES;
    for (long i = 0; i < count; i++) {
      double value = random.nextGaussian() * (isPeaked ? 2.5 : 1);
      row.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) value);
    }
    for (int rank = 0; isPeaked && rank < 200; rank++) {
      float value = (float) (18 - 1.5 * Math.log1p(rank) + 0.3 * random.nextGaussian());
      row.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextLong(count), value);
    }
  }

  private static Map<String, Choice> choices(int[] tokens, Candidates scratch) {
    var defaults = Sampling.defaults().withSeed(1);
    var open = defaults.with(Truncation.NONE);
    var settings = new LinkedHashMap<String, Sampling>();
    settings.put("greedy", Sampling.greedy());
    settings.put("default chain", defaults);
    settings.put("default chain, penalties on 1,000 tokens", defaults.with(penalties(1_000)));
    settings.put("default chain, DRY on 8,192 tokens", defaults.with(Dry.of(0.8f)));
    settings.put("top-p 0.95 alone", open.withTopP(0.95f));
    settings.put("min-p 0.05 alone", open.withMinP(0.05f));
    settings.put("temperature alone", open);
    settings.put("typical 0.95 alone", open.withTypicalP(0.95f));
    settings.put("top-n-sigma 1 alone", open.with(Truncation.NONE.withTopNSigma(1)));
    settings.put("XTC after min-p", open.withMinP(0.02f).with(new Xtc(0.5f, 0.1f)));
    settings.put("mirostat 1", open.with(Mirostat.NONE.withVersion(1)));
    settings.put("mirostat 2", open.with(Mirostat.NONE.withVersion(2)));
    var choices = new LinkedHashMap<String, Choice>();
    settings.forEach((name, sampling) -> {
      var sampler = new Sampler(sampling, 0);
      choices.put(name, (row, count) -> sampler.next(row, tokens, count, scratch));
    });
    choices.put(
        "logprobs, top 20",
        (row, count) -> LogProbabilities.of(row, tokens[count - 1], 20, scratch).token(0));
    return choices;
  }

  private static Penalties penalties(int tokens) {
    return new Penalties(1.1f, 0.2f, 0.1f, tokens);
  }

  private void measure(String kind, Map<String, Choice> choices, MemorySegment[] rows) {
    var micros = new LinkedHashMap<String, double[]>();
    choices.keySet().forEach(name -> micros.put(name, new double[rounds]));
    long chosen = 0; // used, so that nothing is optimized away
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (var choice : choices.entrySet()) {
        long start = System.nanoTime();
        for (int i = 0; i < CHOICES; i++) {
          int count = SEQUENCE - (Math.floorMod(round, 64) * CHOICES + i);
          chosen += choice.getValue().of(rows[i % ROWS], count);
        }
        if (round >= 0) {
          micros.get(choice.getKey())[round] = (System.nanoTime() - start) / 1e3 / CHOICES;
        }
      }
    }
    System.out.printf("%n%-44s %9s %9s  (%d)%n", kind + " logits", "median", "90 %", chosen);
    micros.forEach((name, series) -> {
      Arrays.sort(series);
      System.out.printf(
          "%-44s %6.0f µs %6.0f µs%n", name, series[rounds / 2], series[rounds * 9 / 10]);
    });
  }
}
