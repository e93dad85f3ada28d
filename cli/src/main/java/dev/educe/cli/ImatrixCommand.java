package dev.educe.cli;

import dev.educe.optimize.ImportanceMatrix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `educe imatrix`: how much each column of a model's matrices matters.
@Command(
    name = "imatrix",
    customSynopsis = "educe imatrix [OPTION]… MODEL --on FILE -o OUT",
    description = {
      "Measures which inputs of a model's matrices matter most, for quantizing it better.",
      "",
      "The file is a GGUF file as llama.cpp writes it, and may be used there."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe imatrix model.gguf --on book.txt -o model.imatrix",
      "  educe imatrix model.gguf --on book.txt -o model.imatrix --chunks 100 --resume",
      "  educe imatrix model.gguf --on code.txt -o both.imatrix --add model.imatrix"
    })
final class ImatrixCommand implements Callable<Integer> {
  // A run that is killed loses less than this many chunks.
  private static final int SAVED_CHUNKS = 32;

  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private ModelFile model;

  @Option(
      names = "--on",
      paramLabel = "FILE",
      description = "The text, in UTF-8, of the kind that the model will be used for.")
  private Path text;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "OUT",
      description = "The file to write; it is kept up to date meanwhile.")
  private Path output;

  @Option(
      names = "--resume",
      description = "Go on behind the chunks that OUT was measured on, if it is there.")
  private boolean resume;

  @Option(
      names = "--add",
      paramLabel = "FILE",
      split = ",",
      description = "Add what was measured before, of the same model on other texts.")
  private List<Path> added = List.of();

  @Mixin private Measuring measuring;

  ImatrixCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    var sample = measuring.sample(text, "--on");
    Path path = model.require();
    if (output == null) {
      throw new ParameterException(
          spec.commandLine(), "-o is missing: give the path of the file to write");
    }
    var before = before();
    int done = resume ? before.map(ImportanceMatrix::chunks).orElse(0) : 0;
    if (done >= sample.chunksMax()) {
      console.println(Display.format("%s: has %,d chunks already", output, done));
      return ExitCode.OK;
    }
    sample = sample.withFirstChunk(done).withChunksMax(sample.chunksMax() - done);
    try (var progress = new Progress(console, "measuring")) {
      var measured =
          ImportanceMatrix.measure(
              path,
              measuring.options(),
              sample,
              (chunk, chunks, soFar) -> {
                progress.accept((double) chunk / chunks);
                if (chunk % SAVED_CHUNKS == 0 && chunk < chunks) {
                  write(before, soFar);
                }
              });
      var matrix = write(before, () -> measured);
      console.println(
          Display.format(
              "%s: %,d tensors, measured on %,d chunks of %,d tokens",
              output, matrix.tensors().size(), matrix.chunks(), matrix.chunkTokens()));
    }
    return ExitCode.OK;
  }

  /// What the new measurement is added to.
  private Optional<ImportanceMatrix> before() throws IOException {
    if (resume && !added.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "give --resume or --add, not both");
    }
    if (resume && Files.exists(output)) {
      var matrix = ImportanceMatrix.read(output);
      if (matrix.chunkTokens() != measuring.context()) {
        throw new IOException(
            Display.format(
                "%s was measured on chunks of %,d tokens; resume it with -c %d",
                output, matrix.chunkTokens(), matrix.chunkTokens()));
      }
      return Optional.of(matrix);
    }
    Optional<ImportanceMatrix> sum = Optional.empty();
    for (Path path : added) {
      var other = ImportanceMatrix.read(ModelFile.readable(path));
      sum = Optional.of(sum.isPresent() ? sum.get().plus(other) : other);
    }
    return sum;
  }

  private ImportanceMatrix write(
      Optional<ImportanceMatrix> before, Supplier<ImportanceMatrix> measured) throws IOException {
    var matrix = before.isPresent() ? before.get().plus(measured.get()) : measured.get();
    matrix.write(output);
    return matrix;
  }
}
