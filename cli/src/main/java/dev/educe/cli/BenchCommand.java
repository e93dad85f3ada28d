package dev.educe.cli;

import dev.educe.Educe;
import dev.educe.Model;
import dev.educe.cli.make.ModelMaker;
import dev.educe.kernels.Kernels;
import dev.educe.kernels.KvType;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `educe bench`: how fast a model runs here; and the making of models to measure.
@Command(
    name = "bench",
    customSynopsis = {
      "educe bench [OPTION]… MODEL",
      "       educe bench --make SHAPE-FORMAT [--seed N] OUT",
      "       educe bench serve [OPTION]… URL"
    },
    description = {
      "Measures how fast a model reads prompts and writes text.",
      "",
      "Every test runs once to warm up and then -r times, in turn with the others; shown are the"
          + " median, the least and the greatest tokens per second. pp512 reads a prompt of 512"
          + " tokens, tg128 writes 128 tokens, x8 does so for 8 sequences at once and counts the"
          + " tokens of all.",
      "",
      "With --make it writes a model of real shape with random weights, to measure without a"
          + " download. 'educe bench serve' measures a server."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe bench --make llama-1b-q4_0 1b.gguf",
      "  educe bench 1b.gguf",
      "  educe bench 1b.gguf -p 128,512 -n 64 -b 1,8,16 -r 3 --json"
    })
final class BenchCommand implements Callable<Integer> {
  private static final int SEQUENCES_MAX = 4096;
  private static final int REPETITIONS_MAX = 1000;

  /// Longer texts tell no more, and with [#SEQUENCES_MAX] their tokens can still be counted.
  private static final int TOKENS_MAX = 1 << 18;

  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Option(
      names = {"-p", "--prompt"},
      paramLabel = "N",
      split = ",",
      defaultValue = "512",
      description = "Lengths of prompts; ${DEFAULT-VALUE} by default, 0 for none.")
  private int[] prompts;

  @Option(
      names = {"-n", "--tokens"},
      paramLabel = "N",
      split = ",",
      defaultValue = "128",
      description = "How many tokens to write; ${DEFAULT-VALUE} by default, 0 for none.")
  private int[] generated;

  @Option(
      names = {"-b", "--batch"},
      paramLabel = "N",
      split = ",",
      defaultValue = "1",
      description = "How many sequences write at once; ${DEFAULT-VALUE} by default.")
  private int[] batches;

  @Option(
      names = {"-r", "--repetitions"},
      paramLabel = "N",
      defaultValue = "5",
      description = "How often to measure each; ${DEFAULT-VALUE} by default.")
  private int repetitions;

  @Option(names = "--json", description = "Print a JSON object.")
  private boolean json;

  @Option(
      names = "--make",
      paramLabel = "SHAPE-FORMAT",
      description =
          "Write a model instead: llama-tiny, llama-1b, llama-3b or llama-moe, a dash, and a format"
              + " as f16, q8_0, q4_0 or q4_k.")
  private String make;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the random weights; 0 by default.",
      defaultValue = "0")
  private long seed;

  BenchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    return make != null ? make() : measure();
  }

  private int make() throws IOException {
    ModelMaker maker;
    try {
      maker = ModelMaker.of(make, seed);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--make: " + e.getMessage(), e);
    }
    var target = loading.file().requireTarget();
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    try (var progress = new Progress(console, "writing")) {
      maker.write(target, progress);
    }
    console.note("wrote " + target + ": " + Display.bytes(Files.size(target)));
    return ExitCode.OK;
  }

  private int measure() throws IOException {
    var tests = tests();
    int context = tests.stream().mapToInt(Test::context).max().orElseThrow();
    int sequences = tests.stream().mapToInt(Test::sequences).max().orElseThrow();
    var options = loading.options(context, KvType.F16).withSequences(sequences);
    try (var model = loading.load(console, options)) {
      if (!json) {
        console.println(model.summary());
      }
      var rates = new LinkedHashMap<Test, double[]>();
      tests.forEach(test -> rates.put(test, new double[repetitions]));
      // In turn, so that a machine that gets slower or faster does so for all tests alike.
      for (int repetition = -1; repetition < repetitions; repetition++) {
        for (var test : tests) {
          double rate = test.rate(model);
          if (Thread.interrupted()) {
            throw new CancellationException();
          }
          if (repetition >= 0) {
            rates.get(test)[repetition] = rate;
          }
        }
      }
      var results = results(rates);
      console.print(json ? json(model, results) : table(results));
    }
    return ExitCode.OK;
  }

  private List<Test> tests() {
    var bounds = new Bounds(spec.commandLine());
    bounds.check("-r", repetitions, 1, REPETITIONS_MAX);
    var tests = new ArrayList<Test>();
    for (int prompt : prompts) {
      bounds.check("-p", prompt, 0, TOKENS_MAX);
      if (prompt > 0) {
        tests.add(new Test(prompt, 1, 0));
      }
    }
    for (int tokens : generated) {
      bounds.check("-n", tokens, 0, TOKENS_MAX);
      for (int batch : batches) {
        bounds.check("-b", batch, 1, SEQUENCES_MAX);
        if (tokens > 0) {
          tests.add(new Test(0, batch, tokens));
        }
      }
    }
    if (tests.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "there is nothing to measure: -p or -n must be above 0");
    }
    return tests.stream().distinct().toList();
  }

  /// One row of the table: a prompt, or the writing of sequences.
  private record Test(int prompt, int sequences, int generated) {
    String name() {
      return generated == 0
          ? "pp" + prompt
          : "tg" + generated + (sequences > 1 ? " x" + sequences : "");
    }

    /// Tokens that a sequence has at most.
    int context() {
      return Math.max(prompt, generated);
    }

    double rate(Model model) {
      var measurement = model.measure(prompt, sequences, generated);
      return generated == 0 ? measurement.promptRate() : measurement.decodeRate();
    }
  }

  private record Result(Test test, double median, double least, double greatest) {}

  private static List<Result> results(Map<Test, double[]> rates) {
    return rates.entrySet().stream()
        .map(entry -> {
          double[] sorted = entry.getValue().clone();
          Arrays.sort(sorted);
          int half = sorted.length / 2;
          double median =
              sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
          return new Result(entry.getKey(), median, sorted[0], sorted[sorted.length - 1]);
        })
        .toList();
  }

  private static String table(List<Result> results) {
    String head = Display.format("%n%-12s %14s %14s %14s%n", "test", "tokens/s", "least", "most");
    return results.stream()
        .map(result ->
            Display.format(
                "%-12s %,14.2f %,14.2f %,14.2f%n",
                result.test().name(), result.median(), result.least(), result.greatest()))
        .collect(Collectors.joining("", head, ""));
  }

  private String json(Model model, List<Result> results) {
    var tests = new ArrayList<Map<String, Object>>();
    for (var result : results) {
      var test = new LinkedHashMap<String, Object>();
      test.put("test", result.test().name());
      test.put("sequences", result.test().sequences());
      test.put("prompt_tokens", result.test().prompt());
      test.put("generated_tokens", result.test().generated());
      test.put("tokens_per_second", result.median());
      test.put("least", result.least());
      test.put("greatest", result.greatest());
      tests.add(test);
    }
    var object = new LinkedHashMap<String, Object>();
    object.put("model", loading.file().name());
    object.put("summary", model.summary());
    object.put("repetitions", repetitions);
    object.put("tests", tests);
    object.put("version", Educe.VERSION);
    object.put("arithmetic_contract", Kernels.CONTRACT_VERSION);
    return Json.write(object) + "\n";
  }
}
