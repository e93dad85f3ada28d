package dev.educe.cli;

import dev.educe.optimize.Chunks;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluation;
import dev.educe.optimize.evaluate.Evaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe evaluate`: what smaller models cost in quality.
@Command(
    name = "evaluate",
    customSynopsis = "educe evaluate [OPTION]… MODEL… --on FILE",
    description = {
      "Compares models by quality, size and speed, in one table.",
      "",
      "Perplexity is how badly a model predicts the text. With --against, each model is also"
          + " compared with a reference, position by position: the divergence (KLD) of its"
          + " probabilities from the reference's, and how often both think the same token"
          + " likeliest. With --max-kld the command fails where a model diverges by more."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe evaluate q8.gguf q4.gguf --on book.txt --against f16.gguf",
      "  educe evaluate *.gguf --on book.txt --against f16.gguf --plot quality.svg",
      "  educe evaluate q4.gguf --on book.txt --against f16.gguf --max-kld 0.05"
    })
final class EvaluateCommand implements Callable<Integer> {
  // A plot of fewer says no more than the table.
  private static final int PLOTTED_MIN = 3;

  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      hideParamSyntax = true,
      paramLabel = "MODEL",
      description = "GGUF files, or 'embedded'.")
  private List<Path> models = List.of();

  @Option(
      names = "--on",
      paramLabel = "FILE",
      description = "The text, in UTF-8, of at least two contexts.")
  private Path text;

  @Option(
      names = "--against",
      paramLabel = "MODEL",
      description = "The reference, with the same vocabulary; usually the model before it shrank.")
  private Path against;

  @Option(
      names = "--max-kld",
      paramLabel = "X",
      description = "Fail if a model's mean divergence from the reference exceeds this.")
  private Double divergenceMax;

  @Option(
      names = "--plot",
      paramLabel = "FILE",
      description = "Write a picture (SVG) of quality against size.")
  private Path plot;

  @Mixin private Measuring measuring;

  @Option(names = "--json", description = "Print one JSON object at the end.")
  private boolean json;

  EvaluateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    measuring.options();
    if (models.isEmpty()) {
      throw new ParameterException(
          spec.commandLine(), "MODEL is missing: give the paths of one GGUF file or more");
    }
    checkGate();
    var files = new ArrayList<Path>();
    for (Path model : models) {
      files.add(ModelFile.of(model.toString()));
    }
    var sample = measuring.sample(text, "--on");
    var results = new ArrayList<Evaluation>();
    int chunks = against == null ? alone(files, sample, results) : beside(files, sample, results);
    var report =
        new EvaluationReport(sample.name(), measuring.context(), chunks, results, against != null);
    console.print(json ? report.json() : report.table());
    if (!json && results.size() >= PLOTTED_MIN) {
      console.print(new QualityPlot(results).text());
    }
    if (plot != null) {
      Files.writeString(plot, new QualityPlot(results).svg(report.remark()));
    }
    return gate(results);
  }

  private void checkGate() {
    if (divergenceMax != null) {
      new Bounds(spec.commandLine())
          .check(divergenceMax >= 0, "--max-kld", "0 or more", divergenceMax);
      if (against == null) {
        throw new ParameterException(
            spec.commandLine(), "--max-kld needs --against: give the model to compare with");
      }
    }
  }

  private int alone(List<Path> files, Sample sample, List<Evaluation> results) throws IOException {
    int count = 0;
    for (Path file : files) {
      try (var model = measuring.load(console, file);
          var progress = new Progress(console, "measuring " + file.getFileName())) {
        var chunks = Chunks.of(model.tokenizer(), sample, measuring.context(), 2);
        var result =
            Evaluator.evaluate(
                model, chunks, (done, all, _) -> progress.accept((double) done / all));
        results.add(result.withWriteRate(Evaluator.writeRate(model, chunks)));
        count = chunks.count();
      }
    }
    return count;
  }

  private int beside(List<Path> files, Sample sample, List<Evaluation> results) throws IOException {
    try (var reference = measuring.load(console, ModelFile.of(against.toString()))) {
      var chunks = Chunks.of(reference.tokenizer(), sample, measuring.context(), 2);
      for (Path file : files) {
        try (var model = measuring.load(console, file);
            var progress = new Progress(console, "measuring " + file.getFileName())) {
          var both =
              Evaluator.compare(
                  reference, model, chunks, (done, all, _) -> progress.accept((double) done / all));
          if (results.isEmpty()) {
            results.add(both.getFirst().withWriteRate(Evaluator.writeRate(reference, chunks)));
          }
          results.add(both.getLast().withWriteRate(Evaluator.writeRate(model, chunks)));
        }
      }
      return chunks.count();
    }
  }

  /// @return the exit code
  private int gate(List<Evaluation> results) {
    int code = ExitCode.OK;
    for (Evaluation result : results) {
      double mean = result.divergence().map(divergence -> divergence.mean()).orElse(0.0);
      if (divergenceMax != null && !(mean <= divergenceMax)) {
        console.note(
            Display.format(
                "educe: %s diverges by %.6f from %s on average, more than --max-kld %s",
                Display.visible(result.path().toString()),
                mean,
                Display.visible(against.toString()),
                Display.number(divergenceMax)));
        code = ExitCode.FAILED;
      }
    }
    return code;
  }
}
