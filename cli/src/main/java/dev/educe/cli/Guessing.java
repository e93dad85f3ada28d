package dev.educe.cli;

import dev.educe.LoadOptions;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// The options of commands that write text: who guesses what comes next.
final class Guessing {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--draft",
      paramLabel = "MODEL",
      description =
          "A smaller model of the same vocabulary that guesses what comes next, so that several"
              + " tokens are computed at once where that is faster. It changes no token.")
  private Path draft;

  @Option(
      names = "--speculate",
      paramLabel = "WHEN",
      defaultValue = "auto",
      description =
          "auto or off: whether guesses are computed where they save time, those of --draft or,"
              + " without it, what followed the same words before; auto by default.")
  private String when;

  /// The same with these options.
  ///
  /// @throws IOException if the draft's file cannot be read
  LoadOptions of(LoadOptions options) throws IOException {
    boolean isOff = when.equals("off");
    new Bounds(command.commandLine())
        .check(isOff || when.equals("auto"), "--speculate", "auto or off", when);
    var guessing = options.withSpeculation(!isOff);
    return draft == null ? guessing : guessing.withDraft(ModelFile.readable(draft));
  }
}
