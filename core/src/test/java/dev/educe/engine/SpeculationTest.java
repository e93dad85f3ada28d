package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PrefixKey;
import dev.educe.kernels.KvType;
import dev.educe.platform.Clock;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.Constraint;
import dev.educe.sampling.Dry;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Mirostat;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Vocabulary;
import dev.educe.sampling.Xtc;
import dev.educe.tensor.DType;
import dev.educe.testing.Models;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/// Whoever guesses, and however well: everybody gets what he would get alone and without.
@ExtendWith(Seeded.class)
class SpeculationTest {
  private static final int REQUESTS = 10;
  private static final int GENERATED = 60;
  private static final int VOCABULARY = 290;

  @TempDir static Path folder;
  private static Path file;

  @BeforeAll
  static void write() throws Exception {
    file = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("tiny.gguf"));
  }

  /// Text of letters, so that stop texts are met in the middle of a step.
  private static final class Letters implements TokenText {
    private final StopTexts stops;

    Letters(List<String> stops) {
      this.stops = new StopTexts(stops);
    }

    @Override
    public String next(int token) {
      return stops.pass("" + (char) ('a' + token % 5));
    }

    @Override
    public Optional<String> stop() {
      return stops.found();
    }

    @Override
    public String finish() {
      return stops.finish();
    }
  }

  /// Now and then but one token may come, else every third.
  private static final class Thirds implements Constraint {
    private int taken;

    @Override
    public long[] allowed() {
      long[] words = new long[Math.ceilDiv(VOCABULARY, Long.SIZE)];
      for (int token = 3 + taken % 3; token < VOCABULARY; token += 3) {
        words[token / Long.SIZE] |= 1L << token % Long.SIZE;
        if (taken % 7 > 4) {
          break;
        }
      }
      return words;
    }

    @Override
    public boolean accept(int token) {
      taken++;
      return true;
    }

    @Override
    public boolean mustEnd() {
      return false;
    }
  }

  /// A request and all that its listener was told.
  private final class Asked {
    final int number;
    final int[] prompt;
    final Sampling sampling;
    final List<String> stops;
    final List<String> told = new ArrayList<>();
    final List<Integer> tokens = new ArrayList<>();
    EventQueue queue;
    Ended end;

    Asked(int number, int[] prompt, Sampling sampling, List<String> stops) {
      this.number = number;
      this.prompt = prompt;
      this.sampling = sampling;
      this.stops = stops;
    }

    Asked again() {
      return new Asked(number, prompt, sampling, stops);
    }

    /// Whether another sampler of the same seed would choose alike.
    boolean isPlain() {
      return number % 3 != 0 && number % 4 != 1 && !sampling.mirostat().isOn();
    }

    void submit(Engine engine, String tenant) {
      queue = new EventQueue(1 + number * 3, engine::wake);
      Optional<Constraint> constraint =
          number % 3 == 0 ? Optional.of(new Thirds()) : Optional.empty();
      List<LogitsProcessor> processors =
          number % 4 == 1
              ? List.of(logits -> logits.set(logits.position() % VOCABULARY, 5))
              : List.of();
      var sampler =
          new Sampler(sampling, 0, Vocabulary.UNKNOWN, prompt.length, processors, constraint);
      engine.submit(
          Work.of(prompt, GENERATED, new PrefixKey(tenant, "model", "", "F32", 1), sampler, queue)
              .withText(token -> token == 17 && number % 5 == 4, new Letters(stops))
              .withLogprobs(number % 4 == 2 ? OptionalInt.of(2) : OptionalInt.empty()));
    }

    void take() throws InterruptedException {
      while (end == null) {
        switch (queue.take()) {
          case Event.Token token -> {
            tokens.add(token.id());
            told.add(token.id() + token.text() + token.logprobs().map(p -> p.logProbability()));
          }
          case Ended ended -> end = ended;
        }
      }
      told.add(end.finish() + end.text() + end.stop() + end.cause());
    }
  }

  private static Sampling sampling(Random random, int number) {
    var plain = Sampling.defaults().withTemperature(random.nextFloat() * 1.5f).withSeed(number);
    return switch (number) {
      case 0, 1 -> Sampling.greedy();
      case 2 -> plain.with(Mirostat.NONE.withVersion(2));
      case 3 -> plain.with(Mirostat.NONE.withVersion(1).withTau(3));
      case 4 -> plain.with(Dry.of(1)).withMinP(0.1f);
      case 5 -> plain.withRepetitionPenalty(1.3f).withPenaltyTokens(20);
      case 6 -> plain.with(new Xtc(0.5f, 0.05f)).withTopK(30);
      case 7 -> plain.withPresencePenalty(1).withTypicalP(0.8f);
      default -> plain.withTemperature(0.05f);
    };
  }

  private List<Asked> requests(Random random) {
    int[] shared = random.ints(40, 3, VOCABULARY).toArray();
    return IntStream.range(0, REQUESTS)
        .mapToObj(i -> {
          int[] prompt = random.ints(1 + random.nextInt(60), 3, VOCABULARY).toArray();
          System.arraycopy(shared, 0, prompt, 0, Math.min(prompt.length, random.nextInt(40)));
          var stops = i % 3 == 1 ? List.of("dab", "ccc") : List.<String>of();
          return new Asked(i, prompt, sampling(random, i), stops);
        })
        .toList();
  }

  private static CpuExecutor.Options options(int pages) {
    return new CpuExecutor.Options(KvType.F32, pages, 16, 256, 60, 40, false);
  }

  private static Engine engine(Models models, int sequencesMax, Speculation speculation) {
    return new Engine(
        models.executor(),
        new Candidates(models.vocabularySize()),
        speculation,
        EngineOptions.of(256, sequencesMax),
        Clock.system(),
        Meter.NONE);
  }

  private List<Asked> alone(Random random) throws Exception {
    var requests = requests(random);
    try (var models = Models.open(file, "", 2, options(64));
        var engine = engine(models, 1, Speculation.NONE)) {
      for (Asked asked : requests) {
        asked.submit(engine, "alone " + asked.number);
        asked.take();
      }
    }
    return requests;
  }

  /// @return of plain requests, the guesses that came true, and all that were computed
  private int[] check(List<Asked> alone, int pages, Speculation speculation) throws Exception {
    int[] guesses = new int[2];
    try (var models = Models.open(file, "", 2, options(pages))) {
      var used = engine(models, REQUESTS, speculation);
      try (var engine = used) {
        var together = alone.stream().map(Asked::again).toList();
        together.forEach(asked -> asked.submit(engine, "all"));
        for (Asked asked : together) {
          asked.take();
          assertEquals(alone.get(asked.number).told, asked.told, "request " + asked.number);
          if (asked.isPlain()) {
            var usage = asked.end.usage();
            guesses[0] += usage.draftedTokens() - usage.rejectedTokens();
            guesses[1] += usage.draftedTokens();
          }
        }
      }
      var pool = models.executor().pages();
      assertEquals(pool.pages() - used.progress().cachedPages(), pool.freePages());
    }
    return guesses;
  }

  /// Knows what comes and lies in so many of ten guesses.
  private record Oracle(List<Asked> alone, int lies, Random random) implements Drafter {
    @Override
    public void draft(List<Draft> drafts) {
      for (Draft draft : drafts) {
        var truth = truth(draft);
        int next = draft.count() - truth.prompt.length;
        for (; draft.guessed() < draft.wanted(); next++) {
          boolean isTrue = next < truth.tokens.size() && random.nextInt(10) >= lies;
          draft.add(isTrue ? truth.tokens.get(next) : random.nextInt(VOCABULARY));
        }
      }
    }

    private Asked truth(Draft draft) {
      return alone.stream()
          .filter(asked ->
              asked.prompt.length <= draft.count()
                  && java.util.Arrays.equals(
                      asked.prompt, 0, asked.prompt.length, draft.tokens(), 0, asked.prompt.length)
                  && asked.sampling.seed() == draft.sampler().sampling().seed())
          .findFirst()
          .orElseThrow();
    }

    @Override
    public double guessNanos() {
      return 0;
    }
  }

  @Test
  void truthsAndLiesChangeNothing(Random random) throws Exception {
    var alone = alone(random);
    for (int lies = 0; lies <= 10; lies += 2) {
      var oracle = new Oracle(alone, lies, random);
      int[] guesses =
          check(alone, 10 + random.nextInt(60), new Speculation(oracle, 1 + lies % 8, false));
      assertTrue(guesses[1] > 0);
      double share = (double) guesses[0] / guesses[1];
      assertTrue(lies > 0 || share > 0.5, "of true guesses only " + share + " were kept");
      assertTrue(lies < 10 || share < 0.1, "of false guesses " + share + " were kept");
    }
  }

  @Test
  void whatWasBeforeChangesNothing(Random random) throws Exception {
    var alone = alone(random);
    check(alone, 70, new Speculation(new Ngrams(), 5, false));
    check(alone, 12, Speculation.of(new Ngrams()));
  }

  @Test
  void aSmallerModelChangesNothing(Random random) throws Exception {
    var alone = alone(random);
    var same = TinyCheckpoints.of("llama", DType.Q8_0).write(folder.resolve("same.gguf"));
    var other = TinyCheckpoints.of("qwen3", DType.Q4_0).write(folder.resolve("other.gguf"));
    for (Path draft : List.of(same, other)) {
      // A cache for three of them: the others have no guesses.
      for (int pages : new int[] {80, 20}) {
        try (var models = Models.open(draft, "", 1, options(pages))) {
          var candidates = new Candidates(models.vocabularySize());
          var drafter = new ModelDrafter(models.executor(), candidates, Clock.system());
          int[] guesses = check(alone, 60, new Speculation(drafter, 4, false));
          assertTrue(guesses[1] > 0);
          boolean knows = guesses[0] > guesses[1] / 2;
          assertEquals(draft == same, knows, guesses[0] + " of " + guesses[1] + " came true");
        }
      }
    }
  }

  @Test
  void aDrafterThatFailsIsNotAskedAgain(Random random) throws Exception {
    var alone = alone(random);
    int[] asked = new int[1];
    var broken =
        new Drafter() {
          @Override
          public void draft(List<Draft> drafts) {
            asked[0]++;
            drafts.getFirst().add(5);
            throw new IllegalStateException("planted");
          }

          @Override
          public double guessNanos() {
            return 0;
          }
        };
    check(alone, 60, Speculation.of(broken));
    assertEquals(1, asked[0]);
  }
}
