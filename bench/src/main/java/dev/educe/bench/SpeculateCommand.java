package dev.educe.bench;

import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PrefixKey;
import dev.educe.engine.Draft;
import dev.educe.engine.Drafter;
import dev.educe.engine.Ended;
import dev.educe.engine.Engine;
import dev.educe.engine.EngineOptions;
import dev.educe.engine.Event;
import dev.educe.engine.EventQueue;
import dev.educe.engine.Meter;
import dev.educe.engine.ModelDrafter;
import dev.educe.engine.Ngrams;
import dev.educe.engine.Speculation;
import dev.educe.engine.Usage;
import dev.educe.engine.Work;
import dev.educe.format.Gguf;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.KvType;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.Clock;
import dev.educe.platform.Machine;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Workers;
import dev.educe.sampling.Candidates;
import dev.educe.sampling.LogitsProcessor;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import dev.educe.sampling.Vocabulary;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;

/// `./dev bench speculate`: what guesses gain by how often they come true, and what they cost.
///
/// Runs without guesses and with them take turns on one engine, and their tokens are compared. A
/// drafter that knows the text says something else at a given rate; n-grams guess texts that repeat
/// themselves more or less, which a processor makes the model write. With a draft model, it guesses
/// what the model writes after a prompt, greedily and at temperature 1.
final class SpeculateCommand {
  private static final Set<String> VALUED =
      Set.of("--threads", "--rounds", "--tokens", "--guesses", "--only", "--draft", "--prompt");
  private static final int PERIOD = 24;
  private static final int PAGE_TOKENS = 64;
  private static final int CONTEXT = 1_024;
  private static final int PAGES = 512;
  private static final int PROMPT = 48;

  private static final CpuExecutor.Options OPTIONS =
      new CpuExecutor.Options(KvType.F16, PAGES, PAGE_TOKENS, CONTEXT, 512, 32, false);

  private final Path path;
  private final int threads;
  private final int rounds;
  private final int tokens;
  private final int guesses;
  private final String only;
  private final Optional<Path> draft;
  private final Optional<String> said;
  private final Random random = new Random(1);
  private final Turns drafter = new Turns();
  private int[] prompt;
  private final Map<String, List<Integer>> written = new LinkedHashMap<>(); // by text
  private int requests;

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  SpeculateCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one MODEL");
    }
    this.path = root.resolve(arguments.rest().getFirst());
    this.threads = arguments.number("--threads", Machine.physicalCores());
    this.rounds = arguments.number("--rounds", 3);
    this.tokens = arguments.number("--tokens", 64);
    this.guesses = arguments.number("--guesses", 4);
    this.only = arguments.value("--only").orElse("");
    this.draft = arguments.value("--draft").map(root::resolve);
    this.said = arguments.value("--prompt");
  }

  /// Asks one drafter after the other.
  private static final class Turns implements Drafter {
    private Drafter current = Drafter.NONE;

    @Override
    public void draft(List<Draft> drafts) {
      current.draft(drafts);
    }

    @Override
    public double guessNanos() {
      return current.guessNanos();
    }
  }

  /// Knows the text, and tells the truth at a given rate.
  private final class Oracle implements Drafter {
    private final double rate;

    Oracle(double rate) {
      this.rate = rate;
    }

    @Override
    public void draft(List<Draft> drafts) {
      for (Draft draft : drafts) {
        var text = written.get(FREE);
        int next = draft.count() - prompt.length;
        for (; draft.guessed() < draft.wanted() && next < text.size(); next++) {
          int token = text.get(next);
          draft.add(random.nextDouble() < rate ? token : token == 0 ? 1 : token - 1);
        }
      }
    }

    @Override
    public double guessNanos() {
      return 0;
    }
  }

  /// A text and who guesses it.
  private record Run(String name, String text, Drafter drafter) {}

  private static final String FREE = "free";
  private static final String DRAWN = "drawn"; // free, at temperature 1
  private static final Sampling DISTRIBUTION = Sampling.greedy().withTemperature(1).withSeed(1);

  void run() throws IOException, InterruptedException {
    var kernels = KernelSelector.select("").kernels();
    try (var workers = new Workers(threads);
        var file = Gguf.open(path)) {
      var decoder = Architectures.describe(file.metadata());
      var weights = Weights.bind(path.toString(), decoder, file.tensors(), PanelLayout::supports);
      try (var executor =
          CpuExecutor.load(
              file, weights, kernels, workers, MemoryBudget.unlimited(), OPTIONS, _ -> {})) {
        int size = decoder.vocabularySize();
        prompt =
            said.isPresent()
                ? Tokenizer.of(file.metadata()).encode(said.get(), false)
                : random.ints(PROMPT, 3, size).toArray();
        if (draft.isPresent()) {
          drafted(executor, kernels, workers, size);
          return;
        }
        if (isWanted("forced")) {
          System.out.printf("%d guesses at every step:%n", guesses);
          var forced = new Speculation(drafter, guesses, false);
          compare(executor, new Candidates(size, kernels.logits()), forced, known());
        }
        if (isWanted("adapted")) {
          System.out.printf("as many guesses as pay, at most %d:%n", guesses);
          var adapted = new Speculation(drafter, guesses, true);
          compare(executor, new Candidates(size, kernels.logits()), adapted, known());
        }
        if (isWanted("ngrams")) {
          System.out.println("n-grams, by how many tokens of a repeated text differ:");
          var free = Speculation.of(drafter);
          compare(executor, new Candidates(size, kernels.logits()), free, repeated());
        }
      }
    }
  }

  private void drafted(CpuExecutor executor, Kernels kernels, Workers workers, int size)
      throws IOException, InterruptedException {
    try (var file = Gguf.open(draft.get())) {
      var decoder = Architectures.describe(file.metadata());
      var weights =
          Weights.bind(draft.get().toString(), decoder, file.tensors(), PanelLayout::supports);
      try (var small =
          CpuExecutor.load(
              file, weights, kernels, workers, MemoryBudget.unlimited(), OPTIONS, _ -> {})) {
        var candidates = new Candidates(decoder.vocabularySize(), kernels.logits());
        var runs = new ArrayList<Run>();
        for (String text : List.of(FREE, DRAWN)) {
          runs.add(new Run("plain " + text, text, Drafter.NONE));
          runs.add(
              new Run("draft " + text, text, new ModelDrafter(small, candidates, Clock.system())));
          runs.add(new Run("n-grams " + text, text, new Ngrams()));
        }
        System.out.printf("%d guesses at every step:%n", guesses);
        var forced = new Speculation(drafter, guesses, false);
        compare(executor, new Candidates(size, kernels.logits()), forced, runs);
        System.out.printf("as many guesses as pay, at most %d:%n", guesses);
        var adapted = new Speculation(drafter, guesses, true);
        compare(executor, new Candidates(size, kernels.logits()), adapted, runs);
        runs.forEach(run -> run.drafter().close());
      }
    }
  }

  private boolean isWanted(String name) {
    return only.isEmpty() || only.equals(name);
  }

  private List<Run> known() {
    return List.of(
        new Run("plain", FREE, Drafter.NONE),
        new Run("0 % true", FREE, new Oracle(0)),
        new Run("50 % true", FREE, new Oracle(0.5)),
        new Run("90 % true", FREE, new Oracle(0.9)),
        new Run("100 % true", FREE, new Oracle(1)));
  }

  private static List<Run> repeated() {
    var runs = new ArrayList<Run>();
    for (String text : List.of("0 %", "5 %", "20 %", "100 %")) {
      runs.add(new Run("plain " + text, text, Drafter.NONE));
      runs.add(new Run("n-grams " + text, text, new Ngrams()));
    }
    return runs;
  }

  private void compare(
      CpuExecutor executor, Candidates candidates, Speculation speculation, List<Run> runs)
      throws IOException, InterruptedException {
    double[][] rates = new double[runs.size()][rounds];
    var usages = new Usage[runs.size()];
    try (var engine =
        new Engine(
            executor,
            candidates,
            speculation,
            EngineOptions.of(CONTEXT, 1),
            Clock.system(),
            Meter.NONE)) {
      for (int round = -1; round < rounds; round++) { // the code warms up
        for (int i = 0; i < runs.size(); i++) {
          usages[i] = write(engine, runs.get(i), candidates.vocabularySize());
          if (round >= 0) {
            rates[i][round] = 1e9 * (usages[i].generatedTokens() - 1) / usages[i].decodeNanos();
          }
        }
      }
    }
    double plain = 0;
    for (int i = 0; i < runs.size(); i++) {
      double rate = Series.of(rates[i]).median();
      plain = runs.get(i).drafter() == Drafter.NONE ? rate : plain;
      report(runs.get(i).name(), rates[i], plain, usages[i]);
    }
  }

  private static void report(String name, double[] rates, double plain, Usage usage) {
    int kept = usage.draftedTokens() - usage.rejectedTokens();
    double tokensPerStep = (double) usage.generatedTokens() / (usage.generatedTokens() - kept);
    double speed = Series.of(rates).median() / plain;
    System.out.printf(
        "  %-14s %6.1f tokens/s (%.1f to %.1f), %.2f x plain; last: %.2f tokens a step, each %.2f"
            + " x a plain one's time; %d of %d guesses rejected%n",
        name,
        Series.of(rates).median(),
        Series.of(rates).least(),
        Series.of(rates).greatest(),
        speed,
        tokensPerStep,
        tokensPerStep / speed,
        usage.rejectedTokens(),
        usage.draftedTokens());
  }

  private Usage write(Engine engine, Run run, int vocabularySize)
      throws IOException, InterruptedException {
    drafter.current = run.drafter();
    var queue = new EventQueue(tokens + 1, engine::wake);
    // Nobody is to find anything in the cache.
    var key = new PrefixKey("request " + requests++, "model", "", "F16", 1);
    List<LogitsProcessor> processors =
        run.text().equals(FREE) || run.text().equals(DRAWN)
            ? List.of()
            : List.of(script(run.text(), vocabularySize));
    var sampler =
        new Sampler(
            run.text().equals(DRAWN) ? DISTRIBUTION : Sampling.greedy(),
            0,
            Vocabulary.UNKNOWN,
            prompt.length,
            processors,
            Optional.empty());
    engine.submit(Work.of(prompt, tokens, key, sampler, queue));
    var text = new ArrayList<Integer>();
    while (true) {
      switch (queue.take()) {
        case Event.Token token -> text.add(token.id());
        case Ended ended -> {
          var known = written.putIfAbsent(run.text(), text);
          if (known != null && !known.equals(text)) {
            throw new IOException(
                run.name() + " wrote another text than plain: " + text + " and not " + known);
          }
          return ended.usage();
        }
      }
    }
  }

  /// Makes the model repeat itself, but for a share of tokens that come at random.
  private static LogitsProcessor script(String differing, int vocabularySize) {
    double share = Integer.parseInt(differing.replace(" %", "")) / 100.0;
    var random = new Random(2);
    int[] period = random.ints(PERIOD, 3, vocabularySize).toArray();
    int[] script =
        IntStream.range(0, CONTEXT)
            .map(i ->
                random.nextDouble() < share
                    ? 3 + random.nextInt(vocabularySize - 3)
                    : period[i % PERIOD])
            .toArray();
    return logits -> logits.set(script[logits.position()], Float.MAX_VALUE);
  }
}
