package dev.educe.cli;

import dev.educe.engine.RefusedException;
import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import dev.educe.platform.MemoryBudgetException;
import dev.educe.sampling.NumericalException;
import dev.educe.template.TemplateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Turns what went wrong into one sentence on standard error and an exit code.
///
/// With `-Deduce.debug` the stack trace follows.
final class Failures {
  private final Console console;

  Failures(Console console) {
    this.console = console;
  }

  /// A command line that makes no sense.
  int usage(ParameterException failure) {
    var command = failure.getCommandLine();
    report(sentence(failure), failure);
    var unmatched = failure instanceof UnmatchedArgumentException u ? u : null;
    if (unmatched != null && unmatched.isUnknownOption()) {
      var suggestions = unmatched.getSuggestions();
      if (!suggestions.isEmpty()) {
        console.note("Did you mean " + String.join(" or ", suggestions) + "?");
      }
    }
    console.note("See '" + command.getCommandSpec().qualifiedName() + " --help'.");
    return ExitCode.USAGE;
  }

  /// A command that could not do what it was asked to.
  int failed(Throwable failure) {
    switch (failure) {
      case ParameterException e -> {
        return usage(e);
      }
      case OutputClosedException _ -> {
        return ExitCode.OK;
      }
      // Interrupting a thread that reads closes what it reads from.
      case CancellationException _, InterruptedException _, ClosedChannelException _ -> {
        return ExitCode.INTERRUPTED;
      }
      case UncheckedIOException e -> report(sentence(e.getMessage(), e.getCause()), e);
      case IOException e -> report(sentence(null, e), e);
      case UnsupportedModelException _,
          MemoryBudgetException _,
          NumericalException _,
          RefusedException _,
          IllegalArgumentException _ ->
          report(failure.getMessage(), failure);
      case TemplateException e ->
          report("the chat template refuses this conversation: " + e.sentence(), e);
      case OutOfMemoryError e ->
          report("not enough memory: " + e.getMessage() + "; try a smaller --context", e);
      default ->
          report(
              "internal error: %s; `educe -Deduce.debug …` shows where, for a report"
                  .formatted(failure),
              failure);
    }
    return ExitCode.FAILED;
  }

  private void report(String sentence, Throwable failure) {
    console.note("educe: " + Display.visible(sentence));
    if (System.getProperty("educe.debug") != null) {
      failure.printStackTrace(console.err());
    }
  }

  /// What is wrong with a command line, to stand behind our name.
  static String sentence(ParameterException failure) {
    if (failure instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
      String first = unmatched.getUnmatched().getFirst();
      return unmatched.getCommandLine().getParent() == null
          ? "there is no command '" + first + "'"
          : "unexpected argument '" + first + "'; a text of several words needs quotation marks";
    }
    // The library begins with a capital letter; after our name, a sentence goes on.
    String message = failure.getMessage();
    return message.startsWith("Unknown") || message.startsWith("Invalid")
        ? message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1)
        : message;
  }

  private static String sentence(String said, IOException failure) {
    return switch (failure) {
      case ModelFormatException e -> e.getMessage();
      case NoSuchFileException e ->
          "no such file: " + e.getFile() + (e.getReason() == null ? "" : "; " + e.getReason());
      case AccessDeniedException e -> "no permission for " + e.getFile();
      case FileAlreadyExistsException e -> e.getFile() + " exists already";
      case FileSystemException e ->
          e.getFile() + ": " + (e.getReason() == null ? "cannot be used" : e.getReason());
      default -> said != null ? said : String.valueOf(failure.getMessage());
    };
  }
}
