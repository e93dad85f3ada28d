package dev.educe.cli;

import dev.educe.EmbeddedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// The argument MODEL that every command has.
final class ModelFile {
  /// A separator, or a single word with an ending.
  private static final Pattern FILE =
      Pattern.compile("embedded|.*[/\\\\].*|.*\\.gguf|\\S+\\.\\w+", Pattern.DOTALL);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Parameters(
      index = "0",
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "MODEL",
      description = "A GGUF file; 'embedded' is the little storyteller that comes with Educe.")
  private Path path;

  /// Takes the embedded model where none was given.
  void embedByDefault() {
    if (path == null) {
      path = Path.of(EmbeddedModel.KEYWORD);
    }
  }

  /// The argument, if it is not a file and does not look like one, but like a text: a mistyped path
  /// must not become one.
  Optional<String> text() {
    return Optional.ofNullable(path)
        .map(Path::toString)
        .filter(text -> !Files.exists(path) && !FILE.matcher(text).matches());
  }

  /// Takes the embedded model, whatever was given.
  void embed() {
    path = Path.of(EmbeddedModel.KEYWORD);
  }

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
    return of(path.toString());
  }

  /// The file of a path, or the embedded model's.
  ///
  /// @throws IOException if there is no such file
  static Path of(String text) throws IOException {
    return readable(EmbeddedModel.orFile(text));
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
      throw new IOException(
          path
              + " is a directory; "
              + (Files.exists(path.resolve("config.json"))
                  ? "'educe quantize " + path + " model.gguf F16' makes a model file of it"
                  : "give the path of a file"));
    }
    if (!Files.isReadable(path)) {
      throw new IOException(path + " may not be read: its permissions forbid it");
    }
    return path;
  }
}
