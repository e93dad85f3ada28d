package dev.educe.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.ChatTemplate;
import dev.educe.Model;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import tools.jackson.databind.json.JsonMapper;

/// `educe chat`, on streams and on terminals of no kind.
class ChatCommandTest {
  private static final String FIGURES = "read [0-9,]+ tokens .*";

  @TempDir private Path folder;

  private static String model() {
    String folder = System.getenv("EDUCE_TESTDATA");
    assumeTrue(folder != null, "EDUCE_TESTDATA is not set");
    return Path.of(folder, "models", "stories260K.gguf").toString();
  }

  private static Ran chat(String in, String... options) {
    return Ran.reading(in, arguments(options));
  }

  private static String[] arguments(String... options) {
    var arguments = new ArrayList<>(List.of("chat", model()));
    arguments.addAll(List.of("--template", "chatml", "--temperature", "0", "-n", "12"));
    arguments.addAll(List.of(options));
    return arguments.toArray(String[]::new);
  }

  @Test
  void eachLineIsAMessageAndHasAnAnswer() {
    var ran = chat("Once upon a time\n\n  \nThe end\r\n");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertFalse(ran.out().contains("\033"), ran.out());
    var figures = ran.err().lines().toList();
    assertEquals(2, figures.size(), ran.err());
    figures.forEach(line -> assertTrue(line.matches(FIGURES), line));
    assertEquals(ran, new Ran(ran.code(), ran.out(), ran.err()));
    String first = chat("Once upon a time\n").out();
    assertTrue(ran.out().startsWith(first), ran.out());
    assertTrue(ran.out().length() > first.length() + 5, ran.out());
  }

  @Test
  void aConversationIsSavedAndLoaded() throws IOException {
    Path file = folder.resolve("talk.json");
    var ran = chat("/system Be brief.\nHello\n/save " + file + "\nMore\n");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    var messages = JsonMapper.shared().readTree(Files.readString(file)).path("messages");
    assertEquals(3, messages.size());
    assertEquals("system", messages.path(0).path("role").asString());
    assertEquals("Hello", messages.path(1).path("content").asString());
    assertEquals("assistant", messages.path(2).path("role").asString());
    // Loaded, it goes on as it went on.
    var loaded = chat("/load " + file + "\nMore\n");
    assertTrue(ran.out().endsWith(loaded.out()), loaded.out());
    // The same instruction, told otherwise, and nothing else.
    var other = chat("Hello\n", "--system", "Be brief.");
    assertTrue(ran.out().startsWith(other.out()));
    var cleared = chat("/load " + file + "\n/clear\nHello\n");
    assertEquals(other.out(), cleared.out());
    assertFalse(chat("Hello\n").out().equals(other.out()));
  }

  @Test
  void optionsCanBeChanged() {
    assertEquals(chat("Hi\n", "-n", "5").code(), ExitCode.USAGE); // given twice
    String longer = chat("Hi\n").out();
    var ran = chat("/set tokens 3\nHi\n/clear\n/set tokens=12\nHi\n");
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.out().endsWith(longer), ran.out());
    assertTrue(ran.out().length() < 2 * longer.length(), ran.out());
    assertEquals(
        chat("Hi\n", "--top-k", "5", "--seed", "3").out(),
        chat("/set top_k 5\n/set seed 3\nHi\n").out());
  }

  @Test
  void whatCannotBeDoneEndsAScriptInASentence() throws IOException {
    failed("there is no command /nope", "/nope\n");
    failed("there is no setting 'colour'", "/set colour red\n");
    failed("there is no setting 'threads'", "/set threads 2\n");
    failed("give a name and a value", "/set temperature\n");
    failed("--temperature must be", "/set temperature -1\n");
    failed("the name of the file is missing", "/save\n");
    failed("there is no folder " + folder.resolve("a"), "/save " + folder.resolve("a/b") + "\n");
    failed(folder + " is a directory", "/save " + folder + "\n");
    failed("no such file", "/load " + folder.resolve("none") + "\n");
    Path odd = Files.writeString(folder.resolve("odd.json"), "{\"messages\":[{\"role\":\"x\"}]}");
    failed(odd + " is no saved conversation: role must be", "/load " + odd + "\n");
    Files.writeString(odd, "[");
    failed(odd + " is no saved conversation", "/load " + odd + "\n");
    Files.writeString(odd, "{}");
    failed(odd + " has no list of messages", "/load " + odd + "\n");
  }

  private static void failed(String sentence, String in) {
    var ran = chat(in);
    assertTrue(ran.code() == ExitCode.FAILED || ran.code() == ExitCode.USAGE, ran.toString());
    assertTrue(ran.err().startsWith("educe: " + sentence), ran.err());
  }

  @Test
  void onATerminalTheConversationGoesOn() {
    byte[] in = "/nope\n/set temperature x\nHi\n".getBytes(StandardCharsets.UTF_8);
    // Input alone is a terminal: the line editor needs both.
    var ran = Ran.on("0", in, Map.of(), arguments());
    assertEquals(ExitCode.OK, ran.code(), ran.err());
    assertTrue(ran.err().contains("there is no command /nope"), ran.err());
    assertFalse(ran.err().contains("--help'"), ran.err()); // of the command line, which is over
    assertTrue(ran.err().lines().toList().getLast().matches(FIGURES), ran.err());
  }

  @Test
  void aConversationThatIsTooLongSaysWhatToDo() {
    byte[] in = ("so ".repeat(600) + "\n").getBytes(StandardCharsets.UTF_8);
    var ran = Ran.on("0", in, Map.of(), arguments());
    assertTrue(ran.err().contains("leaves no room"), ran.err());
    assertTrue(ran.err().contains("/clear forgets the conversation"), ran.err());
  }

  @Test
  void aModelWithoutATemplateSaysWhatToDo() {
    var ran = Ran.reading("Hi\n", "chat", model());
    assertEquals(ExitCode.USAGE, ran.code());
    assertTrue(ran.err().contains("has no chat template; give one by --template"), ran.err());
  }

  @Test
  void aTemplateThatRefusesOrIsWrongSaysSo() throws IOException {
    Path file = folder.resolve("t.jinja");
    Files.writeString(file, "{{ raise_exception('no users') }}");
    var ran = Ran.reading("Hi\n", "chat", model(), "--template", file.toString());
    assertEquals(ExitCode.FAILED, ran.code());
    assertEquals("educe: the chat template refuses this conversation: no users\n", ran.err());
    Files.writeString(file, "{% nope %}");
    ran = Ran.reading("Hi\n", "chat", model(), "--template", file.toString());
    assertTrue(ran.err().startsWith("educe: " + file + ": line 1: there is no tag"), ran.err());
    Files.writeString(file, "{{ messages[0].content }}{{ 'x' if not polite }}");
    String polite = "--template-argument=polite=";
    assertFalse(
        Ran.reading(
                "Hi\n", "chat", model(), "-n5", "--temp=0", "--template=" + file, polite + "true")
            .out()
            .equals(
                Ran.reading(
                        "Hi\n",
                        "chat",
                        model(),
                        "-n5",
                        "--temp=0",
                        "--template=" + file,
                        polite + "false")
                    .out()));
  }

  /// Two messages, and Ctrl-C while the first is answered.
  private static final class Interrupting extends OutputStream implements ChatInput {
    private final ArrayDeque<String> lines = new ArrayDeque<>(List.of("Once", "Again"));
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private Runnable action = () -> {};

    @Override
    public Optional<String> next() {
      return Optional.ofNullable(lines.poll());
    }

    @Override
    public void onInterrupt(Runnable action) {
      this.action = action;
    }

    @Override
    public void write(int value) {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
      out.write(bytes, offset, length);
      if (lines.size() == 1) {
        action.run();
      }
    }

    @Override
    public void close() {}
  }

  @Test
  void anInterruptStopsTheAnswerAndNotTheConversation() throws IOException {
    var err = new ByteArrayOutputStream();
    var streams = new Interrupting();
    var console = new Console(new ByteArrayInputStream(new byte[0]), streams, err, "", Map.of());
    var options = new ChatCommand(console);
    new CommandLine(options).parseArgs(model(), "-n", "300", "--temp", "0");
    try (var model = Model.load(Path.of(model()))) {
      var chat = model.chat(ChatTemplate.chatml());
      assertEquals(ExitCode.OK, new ChatSession(console, streams, chat, options).run());
    }
    var figures = err.toString(StandardCharsets.UTF_8).lines().toList();
    assertEquals(2, figures.size());
    assertTrue(figures.getFirst().endsWith("; stopped"), figures.getFirst());
    assertFalse(figures.getLast().endsWith("; stopped"), figures.getLast());
  }

  @Test
  void aTerminalGivesMessagesOfSeveralLines() throws IOException {
    String typed = "one\ntwo\\\nthree\n\"\"\"\nfour\n\n  five \\\n\"\"\"\n'it\\'s \"\\n !1\n";
    var in = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
    var out = new ByteArrayOutputStream();
    var terminal = new DumbTerminal(in, out);
    try (var input = new TerminalInput(terminal, Optional.empty())) {
      assertEquals(Optional.of("one"), input.next());
      assertEquals(Optional.of("two\nthree"), input.next());
      assertEquals(Optional.of("four\n\n  five \\"), input.next());
      assertEquals(Optional.of("'it\\'s \"\\n !1"), input.next());
      assertEquals(Optional.empty(), input.next());
    }
  }

  @Test
  void whatWasTypedIsKnownToTheNextConversation() throws IOException {
    Path file = folder.resolve("new").resolve("history");
    var environment = Map.of("EDUCE_HISTORY", file.toString());
    var in = new ByteArrayInputStream("one\n secret\n".getBytes(StandardCharsets.UTF_8));
    try (var input =
        new TerminalInput(
            new DumbTerminal(in, new ByteArrayOutputStream()),
            TerminalInput.history(environment))) {
      assertEquals(Optional.of("one"), input.next());
      assertEquals(Optional.of(" secret"), input.next());
    }
    String kept = Files.readString(file);
    assertTrue(kept.endsWith("one\n"), kept);
    assertFalse(kept.contains("secret"), kept);
    if (Files.getFileStore(file).supportsFileAttributeView("posix")) {
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    }
    assertEquals(Optional.empty(), TerminalInput.history(Map.of("EDUCE_HISTORY", "")));
    assertEquals(
        Optional.empty(), TerminalInput.history(Map.of("EDUCE_HISTORY", folder.toString())));
    assertEquals(
        Optional.of(folder.resolve("educe").resolve("chat_history")),
        TerminalInput.history(Map.of("XDG_STATE_HOME", folder.toString())));
  }
}
