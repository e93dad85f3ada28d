package dev.educe.cli;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The three standard streams of a command, and which of them are terminals.
///
/// Text is UTF-8 in and out, whatever the locale. Used by one thread.
final class Console {
  private final InputStream in;
  private final OutputStream out;
  private final PrintStream err;
  private final String terminals;
  private final boolean isColoured;
  private volatile boolean isLineBegun;

  /// @param terminals the numbers of the streams that are terminals: `012`, `2`, nothing
  Console(
      InputStream in,
      OutputStream out,
      OutputStream err,
      String terminals,
      Map<String, String> environment) {
    this.in = new BufferedInputStream(in);
    this.out = out;
    this.err = new PrintStream(err, true, StandardCharsets.UTF_8);
    this.terminals = terminals;
    this.isColoured =
        environment.getOrDefault("NO_COLOR", "").isEmpty()
            && !environment.getOrDefault("TERM", "").equals("dumb");
  }

  /// The streams of this process; the launcher says which are terminals, since Java cannot tell for
  /// each of them.
  static Console standard() {
    var console =
        new Console(
            // A channel, since Ctrl-C must end a read that waits for the next line.
            Channels.newInputStream(new FileInputStream(FileDescriptor.in).getChannel()),
            new FileOutputStream(FileDescriptor.out),
            new FileOutputStream(FileDescriptor.err),
            System.getProperty("educe.terminals", ""),
            System.getenv());
    System.setErr(console.err);
    return console;
  }

  boolean isInputTerminal() {
    return terminals.contains("0");
  }

  boolean isOutputTerminal() {
    return terminals.contains("1");
  }

  boolean isErrorTerminal() {
    return terminals.contains("2");
  }

  /// Whether colours are wanted on standard output.
  boolean isOutputColoured() {
    return isColoured && isOutputTerminal();
  }

  /// Whether colours are wanted on standard error.
  boolean isErrorColoured() {
    return isColoured && isErrorTerminal();
  }

  /// Prints foreign text. On a terminal, control characters other than line ends and tabs are shown
  /// and not obeyed: what a model writes must not steer a terminal.
  void printForeign(String text) {
    print(isOutputTerminal() ? Display.visible(text) : text);
  }

  /// Prints to standard output, at once.
  ///
  /// @throws OutputClosedException if the reader has gone
  /// @throws UncheckedIOException if writing fails for another reason
  void print(String text) {
    if (text.isEmpty()) {
      return;
    }
    isLineBegun = !text.endsWith("\n");
    try {
      out.write(text.getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT).contains("broken pipe")) {
        throw new OutputClosedException();
      }
      throw new UncheckedIOException("cannot write to standard output: " + e.getMessage(), e);
    }
  }

  /// Prints a line to standard output.
  void println(String line) {
    print(line + "\n");
  }

  /// Standard output for those who want a writer; a reader that has gone is no failure there.
  PrintWriter writer() {
    return new PrintWriter(
        new Writer() {
          @Override
          public void write(char[] text, int offset, int length) throws IOException {
            try {
              print(new String(text, offset, length));
            } catch (OutputClosedException e) {
              throw new IOException(e);
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        });
  }

  /// On a terminal, ends the line that was begun, so that what follows stands on its own.
  void endLine() {
    if (isLineBegun && isOutputTerminal()) {
      print("\n");
    }
  }

  /// Ends the line on which the terminal has shown Ctrl-C. May be called from any thread.
  void endLineOfInterrupt() {
    if (isOutputTerminal() || isErrorTerminal()) {
      isLineBegun = false;
      err.println();
    }
  }

  /// Prints a line to standard error. Failures to do so have nowhere to go.
  void note(String line) {
    err.println(line);
  }

  /// Standard error.
  PrintStream err() {
    return err;
  }

  /// Standard input to its end.
  ///
  /// @throws IOException if reading fails or it is not UTF-8
  String readAll() throws IOException {
    return Display.decode(in.readAllBytes(), "standard input");
  }

  /// The next line of standard input without its end; empty at the end of input.
  ///
  /// @throws IOException if reading fails or it is not UTF-8
  Optional<String> readLine() throws IOException {
    var line = new ByteArrayOutputStream();
    int value = in.read();
    if (value < 0) {
      return Optional.empty();
    }
    for (; value >= 0 && value != '\n'; value = in.read()) {
      line.write(value);
    }
    String text = Display.decode(line.toByteArray(), "standard input");
    return Optional.of(text.endsWith("\r") ? text.substring(0, text.length() - 1) : text);
  }
}
