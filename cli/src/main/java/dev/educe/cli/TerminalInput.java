package dev.educe.cli;

import java.io.IOException;
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

/// Messages typed on a terminal, with a line editor and the history of this conversation.
///
/// A line that ends with a backslash goes on on the next, and so does a text between two lines with
/// three quotation marks; pasted lines are one message. Ctrl-C takes the line away, Ctrl-D on an
/// empty one ends.
final class TerminalInput implements ChatInput {
  private static final String PROMPT = "> ";
  private static final String MORE = ". ";
  private static final String BLOCK = "\"\"\"";

  private final Terminal terminal;
  private final LineReader reader;

  /// @param terminal closed with this
  TerminalInput(Terminal terminal) {
    this.terminal = terminal;
    var parser = new DefaultParser();
    parser.setEscapeChars(new char[0]);
    parser.setQuoteChars(new char[0]);
    this.reader =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .parser(parser)
            .option(Option.DISABLE_EVENT_EXPANSION, true)
            .build();
  }

  /// The terminal that this process runs on.
  static TerminalInput open() throws IOException {
    return new TerminalInput(
        TerminalBuilder.builder().name("educe").system(true).nativeSignals(true).build());
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
