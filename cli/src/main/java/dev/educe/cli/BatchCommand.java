package dev.educe.cli;

import dev.educe.kernels.KvType;
import dev.educe.server.BatchJob;
import dev.educe.server.batch.BatchFile;
import dev.educe.server.model.EngineCatalogue;
import dev.educe.server.model.EngineCatalogue.Source;
import dev.educe.server.model.ModelOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe batch`: a file of requests, answered line by line.
@Command(
    name = "batch",
    customSynopsis = "educe batch [OPTION]… FILE -o OUT [MODEL]",
    description = {
      "Answers requests of a file, as OpenAI's batches have them, into another.",
      "",
      "Ended at any time, it goes on where it was: OUT itself says what is answered."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {"  educe batch requests.jsonl -o answers.jsonl model.gguf"})
final class BatchCommand implements Callable<Integer> {
  private static final int LINES_MAX = 4_096;

  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      index = "0",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "FILE",
      description = "Lines of JSON with custom_id, method, url and body.")
  private Path file;

  @Parameters(
      index = "1",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "MODEL",
      description = "A GGUF file for all lines; without it, each line's model is the path of one.")
  private Path model;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description = "Where answers are added, in the order they are ready.")
  private Path output;

  @Option(
      names = "--lines",
      paramLabel = "N",
      description = "How many lines are answered at once; 4 unless given.")
  private int lines = 4;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description = "Tokens a text may have; the model's own, at most 8,192, unless given.")
  private int context;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "How many threads compute; one for each core unless given.")
  private int threads;

  BatchCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (file == null) {
      throw usage("FILE is missing: give the path of a file of requests");
    }
    if (output == null) {
      throw usage("-o is missing: give the path of the file for the answers");
    }
    var bounds = new Bounds(spec.commandLine());
    bounds.check("--lines", lines, 1, LINES_MAX);
    bounds.check("--context", context, 0, Loading.CONTEXT_MAX);
    bounds.check("--threads", threads, 0, LINES_MAX);
    var names = BatchJob.models(ModelFile.readable(file));
    BatchFile.Counts counts;
    try (var catalogue = new EngineCatalogue(sources(names), 0, Duration.ZERO);
        var progress = new Progress(console, "answering")) {
      catalogue.preload();
      counts = BatchJob.answer(file, output, catalogue, lines, progress);
    }
    console.note(
        "educe: %,d lines are answered, of which %,d were before and %,d have an error"
            .formatted(counts.good() + counts.failed(), counts.before(), counts.failed()));
    return ExitCode.OK;
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private List<Source> sources(Set<String> names) throws IOException {
    var options =
        new ModelOptions(context, lines, KvType.F16, threads, "", LINES_MAX, Duration.ZERO, "");
    if (model != null) {
      String name = model.getFileName().toString();
      var aliases = names.stream().filter(other -> !other.equals(name)).toList();
      return List.of(new Source(name, aliases, ModelFile.readable(model), options));
    }
    var sources = new ArrayList<Source>();
    for (String name : names) {
      sources.add(new Source(name, List.of(), ModelFile.readable(Path.of(name)), options));
    }
    return sources;
  }
}
