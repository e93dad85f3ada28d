package dev.educe.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReader.Option;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jline.terminal.TerminalBuilder;

/// Messages typed on a terminal, with a line editor and the history of earlier conversations.
///
/// A line that ends with a backslash goes on on the next, and so does a text between two lines with
/// three quotation marks; pasted lines are one message. Ctrl-C takes the line away, Ctrl-D on an
/// empty one ends. What is typed is kept in a file that only its owner may read, but for lines that
/// begin with a space.
final class TerminalInput implements ChatInput {
  private static final String PROMPT = "> ";
  private static final String MORE = ". ";
  private static final String BLOCK = "\"\"\"";

  private final Terminal terminal;
  private final LineReader reader;

  /// @param terminal closed with this
  /// @param history the file of what was typed; none if empty
  TerminalInput(Terminal terminal, Optional<Path> history) {
    this.terminal = terminal;
    var parser = new DefaultParser();
    parser.setEscapeChars(new char[0]);
    parser.setQuoteChars(new char[0]);
    var builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .parser(parser)
            .option(Option.DISABLE_EVENT_EXPANSION, true);
    history.ifPresent(file -> builder.variable(LineReader.HISTORY_FILE, file));
    this.reader = builder.build();
  }

  /// The terminal that this process runs on.
  ///
  /// @param environment names the history's file as `EDUCE_HISTORY`; an empty name stands for none
  static TerminalInput open(Map<String, String> environment) throws IOException {
    return new TerminalInput(
        TerminalBuilder.builder().name("educe").system(true).nativeSignals(true).build(),
        history(environment));
  }

  /// The file of the history, made if there is none yet; empty if that cannot be.
  static Optional<Path> history(Map<String, String> environment) {
    String named = environment.get("EDUCE_HISTORY");
    if (named != null && named.isEmpty()) {
      return Optional.empty();
    }
    try {
      Path file = named != null ? Path.of(named) : stateFolder(environment).resolve("chat_history");
      var folder = file.toAbsolutePath().getParent();
      if (folder != null) {
        Files.createDirectories(folder);
      }
      if (!Files.exists(file)) {
        Files.createFile(file);
        if (Files.getFileStore(file).supportsFileAttributeView(PosixFileAttributeView.class)) {
          Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
      }
      return Files.isRegularFile(file) && Files.isWritable(file)
          ? Optional.of(file)
          : Optional.empty();
    } catch (IOException | InvalidPathException _) {
      return Optional.empty(); // a conversation does without
    }
  }

  /// Source: the XDG Base Directory Specification.
  private static Path stateFolder(Map<String, String> environment) {
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    return (state.isEmpty()
            ? Path.of(environment.getOrDefault("HOME", System.getProperty("user.home")))
                .resolve(".local/state")
            : Path.of(state))
        .resolve("educe");
  }

  @Override
  public Optional<String> next() {
    while (true) {
      try {
        return Optional.of(message());
      } catch (UserInterruptException _) {
        // The line is gone; there is another.
      } catch (EndOfFileException _) {
        return Optional.empty();
      }
    }
  }

  private String message() {
    String line = reader.readLine(PROMPT);
    if (line.strip().equals(BLOCK)) {
      var block = new StringBuilder();
      for (line = reader.readLine(MORE);
          !line.strip().equals(BLOCK);
          line = reader.readLine(MORE)) {
        block.append(block.isEmpty() ? "" : "\n").append(line);
      }
      return block.toString();
    }
    var message = new StringBuilder();
    for (; line.endsWith("\\"); line = reader.readLine(MORE)) {
      message.append(line, 0, line.length() - 1).append('\n');
    }
    return message.append(line).toString();
  }

  @Override
  public void onInterrupt(Runnable action) {
    terminal.handle(Signal.INT, _ -> action.run());
  }

  @Override
  public void close() throws IOException {
    terminal.close();
  }
}
