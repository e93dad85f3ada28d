package dev.educe.cli;

import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options of every command that measures models on a text.
final class Measuring {
  private static final int CHUNKS_MAX = 1 << 24;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of a chunk; ${DEFAULT-VALUE} by default.")
  private int context;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      description = "Read so many chunks of the text at most.")
  private Integer chunks;

  @Mixin private Computing computing;

  /// How models are loaded.
  ReadingOptions options() {
    bounds().check("--context", context, 4, Loading.CONTEXT_MAX);
    return computing.reading(context);
  }

  /// The text.
  ///
  /// @param option as it appears in messages
  /// @throws ParameterException if `path` is null, for none was given
  /// @throws IOException if it cannot be read
  Sample sample(Path path, String option) throws IOException {
    if (chunks != null) {
      bounds().check("--chunks", chunks, 1, CHUNKS_MAX);
    }
    if (path == null) {
      throw new ParameterException(
          command.commandLine(), option + " is missing: give the path of a text");
    }
    Sample sample = TextFile.read(path);
    return chunks == null ? sample : sample.withChunksMax(chunks);
  }

  /// Loads a model, with a bar where it takes long.
  MeasuredModel load(Console console, Path path) throws IOException {
    try (var progress = new Progress(console, "loading " + path.getFileName())) {
      return MeasuredModel.load(path, options().withProgress(progress));
    }
  }

  /// Whether it was said how much of the text is read.
  boolean limitsChunks() {
    return chunks != null;
  }

  /// Tokens of a chunk.
  int context() {
    return context;
  }

  private Bounds bounds() {
    return new Bounds(command.commandLine());
  }
}
