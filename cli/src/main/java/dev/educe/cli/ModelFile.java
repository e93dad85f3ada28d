package dev.educe.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The argument MODEL that every command has.
final class ModelFile {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Parameters(
      index = "0",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "MODEL",
      description = "A GGUF file.")
  private Path path;

  /// The file.
  ///
  /// @throws ParameterException if none was given
  /// @throws IOException if there is no such file
  Path require() throws IOException {
    if (path == null) {
      throw new ParameterException(
          command.commandLine(),
          "MODEL is missing: give the path of a GGUF file, for instance one from Hugging Face, or"
              + " write one with random weights by 'educe bench --make llama-tiny-q8_0 tiny.gguf'");
    }
    return readable(path);
  }

  /// The argument as given; for writing.
  ///
  /// @throws ParameterException if none was given
  Path requireTarget() {
    if (path == null) {
      throw new ParameterException(
          command.commandLine(), "OUT is missing: give the path of the file to write");
    }
    return path;
  }

  /// The argument as given; empty if none was.
  String name() {
    return path == null ? "" : path.toString();
  }

  /// @throws IOException if the path is not a file that can be read
  static Path readable(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path.toString());
    }
    if (Files.isDirectory(path)) {
      throw new IOException(path + " is a directory; give the path of a file");
    }
    if (!Files.isReadable(path)) {
      throw new IOException(path + " may not be read: its permissions forbid it");
    }
    return path;
  }
}
