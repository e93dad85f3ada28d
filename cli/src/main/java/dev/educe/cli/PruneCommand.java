package dev.educe.cli;

import dev.educe.optimize.evaluate.Evaluation;
import dev.educe.optimize.prune.Amount;
import dev.educe.optimize.prune.PruneOptions;
import dev.educe.optimize.prune.Pruned;
import dev.educe.optimize.prune.Pruner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe prune`: takes out of a model what matters least.
@Command(
    name = "prune",
    customSynopsis = "educe prune [OPTION]… IN OUT --on FILE",
    description = {
      "Takes parts out of a model: layers, feed-forward units, tokens, small weights.",
      "",
      "What matters least is measured on a text, of the kind that the model is used for. The result"
          + " is a GGUF file like any other; training may win back much of what pruning cost."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe prune model.gguf small.gguf --on book.txt --parameters 25%%",
      "  educe prune model.gguf small.gguf --on book.txt --layers 4 --ffn 25%%",
      "  educe prune model.gguf small.gguf --on book.txt --vocabulary"
    })
final class PruneCommand implements Callable<Integer> {
  // Enough of a text to tell what matters, unless it is said how much.
  private static final int CHUNKS_DEFAULT = 16;

  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private ModelFile model;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "OUT",
      description = "The file to write; an existing one is replaced.")
  private Path output;

  @Option(names = "--on", paramLabel = "FILE", description = "The text, in UTF-8.")
  private Path text;

  @Option(
      names = "--parameters",
      paramLabel = "SHARE",
      description = "Drop this share of all parameters, by the best mix of layers and units: 25%%.")
  private String parameters;

  @Option(
      names = "--layers",
      paramLabel = "N",
      description = "Drop so many layers, or a share of them: 4 or 25%%.")
  private String layers;

  @Option(
      names = "--ffn",
      paramLabel = "N",
      description = "Drop so many units of each feed-forward network, or a share: 25%%.")
  private String units;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      arity = "0..1",
      fallbackValue = "1",
      description =
          "Drop tokens that occur less than N times in the text, 1 unless given; any text can still"
              + " be spelled.")
  private Integer tokenCountMin;

  @Option(
      names = "--magnitude",
      paramLabel = "SHARE",
      description = "Set the smallest weights of each matrix to zero: 30%%. The size stays.")
  private String magnitude;

  @Mixin private Measuring measuring;

  @Option(names = "--json", description = "Print one JSON object at the end.")
  private boolean json;

  PruneCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var options = options();
    var sample = measuring.sample(text, "--on");
    if (!measuring.limitsChunks()) {
      sample = sample.withChunksMax(CHUNKS_DEFAULT);
    }
    Path input = model.require();
    if (output == null) {
      throw new ParameterException(
          spec.commandLine(), "OUT is missing: give the path of the file to write");
    }
    var pruned = Pruner.prune(input, output, options, sample, measuring.options(), console::note);
    if (pruned.wasQuantized()) {
      console.note(
          "the model was quantized: its weights are written in F16, no better than they were");
    }
    console.print(json ? json(pruned) : table(pruned));
    return ExitCode.OK;
  }

  private PruneOptions options() {
    try {
      var options = PruneOptions.none();
      options = parameters == null ? options : options.withParameters(Amount.parse(parameters));
      options = layers == null ? options : options.withLayers(Amount.parse(layers));
      options = units == null ? options : options.withUnits(Amount.parse(units));
      options = magnitude == null ? options : options.withMagnitude(Amount.parse(magnitude));
      options = tokenCountMin == null ? options : options.withTokenCountMin(tokenCountMin);
      if (options.equals(PruneOptions.none())) {
        throw new IllegalArgumentException(
            "say what to take out: --parameters, --layers, --ffn, --vocabulary or --magnitude");
      }
      return options;
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(spec.commandLine(), wrong.getMessage(), wrong);
    }
  }

  private static String table(Pruned pruned) {
    var table = new StringBuilder();
    if (!pruned.droppedLayers().isEmpty()) {
      table.append(Display.format("dropped layers      %s%n", pruned.droppedLayers()));
    }
    if (pruned.unitsBefore() > 0) {
      table.append(
          Display.format(
              "feed-forward units  %,d of %,d%n", pruned.unitsAfter(), pruned.unitsBefore()));
    }
    if (pruned.tokensAfter() < pruned.tokensBefore()) {
      table.append(
          Display.format(
              "tokens              %,d of %,d%n", pruned.tokensAfter(), pruned.tokensBefore()));
    }
    table.append(Display.format("%n%-8s %14s %9s %12s%n", "", "parameters", "size", "perplexity"));
    return table
        .append(row("before", pruned.before()))
        .append(row("after", pruned.after()))
        .append(
            Display.format(
                "%-8s %13.1f%% %8.1f%% %+11.1f%%%n",
                "",
                100.0 * pruned.after().parameters() / pruned.before().parameters(),
                100.0 * pruned.after().fileBytes() / pruned.before().fileBytes(),
                100 * (pruned.after().perplexity().value() / pruned.before().perplexity().value())
                    - 100))
        .toString();
  }

  private static String row(String name, Evaluation evaluation) {
    return Display.format(
        "%-8s %,14d %9s %12.4f%n",
        name,
        evaluation.parameters(),
        Display.bytes(evaluation.fileBytes()),
        evaluation.perplexity().value());
  }

  private static String json(Pruned pruned) {
    var object = new LinkedHashMap<String, Object>();
    object.put("dropped_layers", pruned.droppedLayers());
    object.put("units_before", pruned.unitsBefore());
    object.put("units_after", pruned.unitsAfter());
    object.put("tokens_before", pruned.tokensBefore());
    object.put("tokens_after", pruned.tokensAfter());
    object.put("before", json(pruned.before()));
    object.put("after", json(pruned.after()));
    return Json.write(object) + "\n";
  }

  private static Map<String, Object> json(Evaluation evaluation) {
    var object = new LinkedHashMap<String, Object>();
    object.put("model", evaluation.path().toString());
    object.put("parameters", evaluation.parameters());
    object.put("bytes", evaluation.fileBytes());
    object.put("perplexity", evaluation.perplexity().value());
    return object;
  }
}
