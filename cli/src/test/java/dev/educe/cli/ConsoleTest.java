package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConsoleTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void foreignTextDoesNotSteerATerminal() {
    console("1").printForeign("a\033[2Jb\r\u009bc\n\td");
    assertEquals("a␛[2Jb␍\ufffdc\n\td", out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void foreignTextGoesUnchangedIntoAFile() {
    console("").printForeign("a\033[2Jb\r");
    assertEquals("a\033[2Jb\r", out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void aLineIsEndedOnlyOnATerminalAndOnlyIfItWasBegun() {
    var file = console("2");
    file.print("text");
    file.endLine();
    var terminal = console("1");
    terminal.endLine();
    terminal.print("text");
    terminal.endLine();
    terminal.endLine();
    assertEquals("texttext\n", out.toString(StandardCharsets.UTF_8));
  }

  @Test
  void coloursAreForTerminalsThatWantThem() {
    assertTrue(console("12", Map.of()).isOutputColoured());
    assertFalse(console("2", Map.of()).isOutputColoured());
    assertFalse(console("12", Map.of("NO_COLOR", "1")).isOutputColoured());
    assertFalse(console("12", Map.of("TERM", "dumb")).isErrorColoured());
    assertTrue(Ran.on("1", new byte[0], Map.of(), "--help").out().contains("\033["));
    assertFalse(Ran.educe("--help").out().contains("\033["));
  }

  @Test
  void theBarIsForTerminalsAndForWhatTakesLong() throws InterruptedException {
    try (var quick = new Progress(console("2"), "loading")) {
      quick.accept(0.5);
    }
    try (var unseen = new Progress(console("1"), "loading")) {
      Thread.sleep(550);
      unseen.accept(0.5);
    }
    assertEquals("", err.toString(StandardCharsets.UTF_8));
    try (var slow = new Progress(console("2"), "loading")) {
      Thread.sleep(550);
      slow.accept(0.5);
    }
    String drawn = err.toString(StandardCharsets.UTF_8);
    assertTrue(drawn.startsWith("\rloading ███████████████░"), drawn);
    assertTrue(drawn.endsWith(" 50 %\r\033[K"), drawn);
  }

  @Test
  void aReaderThatGoesIsNoFailure() {
    var ran = runOn(new Broken("Broken pipe"));
    assertEquals(ExitCode.OK, ran.code());
    assertEquals("", ran.err());
  }

  @Test
  void aFullDiskIsAFailure() {
    var ran = runOn(new Broken("No space left on device"));
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("educe: cannot write to standard output: No space left on device\n", ran.err());
  }

  private Ran runOn(OutputStream broken) {
    var console = new Console(InputStream.nullInputStream(), broken, err, "", Map.of());
    // An exception of a print in a command, as any command would meet it.
    int code;
    try {
      console.print("text");
      code = ExitCode.OK;
    } catch (RuntimeException e) {
      code = new Failures(console).failed(e);
    }
    return new Ran(code, "", err.toString(StandardCharsets.UTF_8));
  }

  private Console console(String terminals) {
    return console(terminals, Map.of());
  }

  private Console console(String terminals, Map<String, String> environment) {
    return new Console(new ByteArrayInputStream(new byte[0]), out, err, terminals, environment);
  }

  private static final class Broken extends OutputStream {
    private final String reason;

    Broken(String reason) {
      this.reason = reason;
    }

    @Override
    public void write(int b) throws IOException {
      throw new IOException(reason);
    }
  }
}
