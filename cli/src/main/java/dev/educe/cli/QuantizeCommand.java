package dev.educe.cli;

import dev.educe.optimize.ImportanceMatrix;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.quantize.Budget;
import dev.educe.optimize.quantize.Mix;
import dev.educe.optimize.quantize.Plan;
import dev.educe.optimize.quantize.QuantizeOptions;
import dev.educe.optimize.quantize.QuantizeOptions.Chosen;
import dev.educe.optimize.quantize.Quantizer;
import dev.educe.optimize.quantize.SecondMoments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe quantize`: writes a model in smaller formats.
@Command(
    name = "quantize",
    customSynopsis = {
      "educe quantize [OPTION]… IN OUT TYPE",
      "       educe quantize [OPTION]… --budget SIZE IN OUT"
    },
    description = {
      "Writes a model in smaller formats; the file loads in llama.cpp too.",
      "",
      "TYPE is a mix by llama.cpp's name, which gives sensitive matrices better formats: Q4_K_M,"
          + " Q5_K_M, Q6_K, Q8_0, IQ4_XS, Q3_K_M, Q2_K, MXFP4_MOE and others. A budget chooses the"
          + " formats itself, by the error that each would make in each matrix."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe quantize model-f16.gguf model-q4.gguf Q4_K_M",
      "  educe quantize Llama-3.2-1B-Instruct/ model-q4.gguf Q4_K_M",
      "  educe quantize model-f16.gguf model-q4.gguf Q4_K_M --imatrix model.imatrix",
      "  educe quantize model-f16.gguf model-3gb.gguf --budget 3GB",
      "  educe quantize model-f16.gguf model.gguf Q4_0 --pure --tensor 'ffn_down=q6_k'"
    })
final class QuantizeCommand implements Callable<Integer> {
  private static final int THREADS_MAX = 1_024;

  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "IN",
      description =
          "A GGUF file, in F32, F16 or BF16 for good results, or a checkpoint of Hugging Face: its"
              + " folder, or a safetensors file in it.")
  private Path in;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "OUT",
      description = "The file to write; not needed with --dry-run.")
  private Path out;

  @Parameters(
      index = "2",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "TYPE",
      description = "A mix, unless --budget is given.")
  private String type;

  @Option(
      names = "--budget",
      paramLabel = "SIZE",
      description = "Choose formats for 4.5bpw (bits per weight) or 3GB (the file).")
  private String budget;

  @Option(
      names = "--imatrix",
      paramLabel = "FILE",
      description = "How much columns matter, by 'educe imatrix' or llama.cpp.")
  private Path imatrix;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description =
          "A text for the model to read first: columns then make up for each other's errors.")
  private Path calibration;

  @Option(names = "--pure", description = "All matrices in one format, without better ones.")
  private boolean pure;

  @Option(
      names = "--tensor",
      paramLabel = "PATTERN=FORMAT",
      description = "A format for the tensors whose name matches; may be repeated.")
  private List<String> tensors = new ArrayList<>();

  @Option(
      names = "--pre",
      paramLabel = "NAME",
      description =
          "How a vocabulary cuts text into words, by llama.cpp's name, where a checkpoint of"
              + " Hugging Face does it in a way that is not recognized.")
  private String pre;

  @Option(names = "--dry-run", description = "Show the plan, write nothing.")
  private boolean dryRun;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads; the machine's physical cores unless given.")
  private int threads;

  QuantizeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    new Bounds(spec.commandLine()).check("--threads", threads, 0, THREADS_MAX);
    if (dryRun && type == null && budget == null && out != null) {
      type = out.toString();
    }
    if (in == null) {
      throw wrong("IN is missing: give the path of a GGUF file, or of a folder of Hugging Face's");
    }
    if (out == null && !dryRun) {
      throw wrong("OUT is missing: give the path of the file to write");
    }
    var options = options();
    long start = System.nanoTime();
    try (var quantizer = Quantizer.open(input(), options)) {
      Plan plan;
      try (var progress = new Progress(console, "measuring")) {
        plan = quantizer.plan(progress);
      }
      if (plan.isFromQuantized()) {
        console.note(
            "educe: warning: "
                + in
                + " is quantized already; what it lost stays lost, and more"
                + " is: start from F32, F16 or BF16 where you can");
      }
      if (dryRun) {
        console.print(table(plan));
      } else {
        try (var progress = new Progress(console, "quantizing")) {
          quantizer.write(plan, out, progress);
        }
      }
      console.println(summary(plan));
      if (!dryRun) {
        console.println(
            Display.format(
                "%s: %s, written in %.1f s",
                out, Display.bytes(Files.size(out)), (System.nanoTime() - start) / 1e9));
      }
    }
    return ExitCode.OK;
  }

  private Path input() throws IOException {
    return Files.isDirectory(in) ? in : ModelFile.readable(in);
  }

  private QuantizeOptions options() throws IOException {
    Optional<Sample> sample = calibration == null ? Optional.empty() : Optional.of(sample());
    QuantizeOptions options;
    try {
      options = goal(sample).withPure(pure).withThreads(threads);
      options = options.withOverrides(tensors.stream().map(Chosen::of).toList());
    } catch (IllegalArgumentException e) {
      throw wrong(e.getMessage());
    }
    if (pre != null) {
      options = options.withPreTokenizer(pre);
    }
    if (imatrix != null) {
      options = options.withImportance(ImportanceMatrix.read(ModelFile.readable(imatrix)));
    }
    return sample.isPresent() ? options.withMoments(moments(sample.get())) : options;
  }

  private Sample sample() throws IOException {
    return Sample.of(
        calibration.toString(),
        Display.decode(
            Files.readAllBytes(ModelFile.readable(calibration)), calibration.toString()));
  }

  private SecondMoments moments(Sample sample) throws IOException {
    if (pre != null) {
      throw wrong("--pre is for conversion: write F16 first, and calibrate on what was written");
    }
    try (var progress = new Progress(console, "reading")) {
      return SecondMoments.measure(
          input(), ReadingOptions.defaults().withThreads(threads), sample, progress);
    }
  }

  private QuantizeOptions goal(Optional<Sample> sample) {
    if (budget != null) {
      if (type != null || pure) {
        throw wrong("a budget chooses the formats: leave out TYPE and --pure");
      }
      var wanted = Budget.of(budget);
      return sample
          .map(text -> QuantizeOptions.of(wanted, text))
          .orElseGet(() -> QuantizeOptions.of(wanted));
    }
    if (type == null) {
      throw wrong("TYPE is missing: give one of " + Mix.names() + ", or --budget");
    }
    return Mix.of(type)
        .map(QuantizeOptions::of)
        .orElseThrow(() -> wrong("there is no type '" + type + "'; there are " + Mix.names()));
  }

  private ParameterException wrong(String sentence) {
    return new ParameterException(spec.commandLine(), sentence);
  }

  private static String table(Plan plan) {
    int width =
        plan.tensors().stream().mapToInt(step -> step.tensor().name().length()).max().orElse(0);
    return plan.tensors().stream()
        .map(step ->
            Display.format(
                "%-" + Math.max(1, width) + "s  %-7s %-7s %10s%n",
                Display.visible(step.tensor().name()),
                step.tensor().type(),
                step.isConverted() ? "→ " + step.type() : "",
                Display.bytes(step.bytes())))
        .collect(Collectors.joining());
  }

  private static String summary(Plan plan) {
    double all = plan.weights();
    String formats =
        plan.weightsByType().entrySet().stream()
            .map(
                entry -> Display.format("%s %.0f %%", entry.getKey(), 100 * entry.getValue() / all))
            .collect(Collectors.joining(", "));
    return Display.format(
        "tensors: %s → %s, %.2f bits per weight (%s)",
        Display.bytes(plan.bytesBefore()),
        Display.bytes(plan.bytes()),
        plan.bitsPerWeight(),
        formats);
  }
}
