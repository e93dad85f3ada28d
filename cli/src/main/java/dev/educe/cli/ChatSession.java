package dev.educe.cli;

import dev.educe.Chat;
import dev.educe.Generation;
import dev.educe.Message;
import dev.educe.Reply;
import dev.educe.ReplyContinuation;
import dev.educe.engine.RefusedException;
import dev.educe.engine.RefusedException.Kind;
import dev.educe.template.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import picocli.CommandLine.ParameterException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// A conversation: takes messages and commands until there are no more.
final class ChatSession {
  private static final String HELP =
      """
      /help               this list
      /system TEXT        tell the model about its task; without TEXT, no more
      /set NAME VALUE     change an option, as /set temperature 0.2; see educe chat --help
      /clear              forget the conversation, but for /system
      /save FILE          write the conversation as JSON
      /load FILE          go on with a conversation that was saved
      /exit               leave; Ctrl-D does, too
      A message that begins with a slash begins with two. A line that ends with \\ goes on on the
      next, and so does a text between two lines of \"""; Ctrl-C stops an answer.\
      """;

  private final Console console;
  private final ChatInput input;
  private final Chat chat;
  private final List<Message> messages = new ArrayList<>();
  private final AtomicReference<ReplyContinuation> answering = new AtomicReference<>();
  private ChatCommand options;

  /// @param options what is asked of the model, until /set
  ChatSession(Console console, ChatInput input, Chat chat, ChatCommand options) {
    this.console = console;
    this.input = input;
    this.chat = chat;
    this.options = options;
  }

  /// @return the exit code
  int run() throws IOException {
    input.onInterrupt(this::stop);
    for (var line = input.next(); line.isPresent(); line = input.next()) {
      String text = line.get();
      if (text.isBlank()) {
        continue;
      }
      if (text.strip().equals("/exit")) {
        return ExitCode.OK;
      }
      try {
        if (text.startsWith("/") && !text.startsWith("//")) {
          command(text.strip());
        } else if (!answer(text.startsWith("//") ? text.substring(1) : text)) {
          return ExitCode.INTERRUPTED;
        }
      } catch (IOException
          | ParameterException
          | IllegalArgumentException
          | RefusedException
          | TemplateException e) {
        // On a terminal a failure is said and the conversation goes on; a script ends with it.
        if (!console.isInputTerminal()) {
          throw e;
        }
        new Failures(console).failed(e);
        if (e instanceof RefusedException refused && refused.kind() == Kind.PROMPT_TOO_LONG) {
          console.note("/clear forgets the conversation; --context makes room for a longer one.");
        }
      }
    }
    return ExitCode.OK;
  }

  private void stop() {
    var current = answering.get();
    if (current != null) {
      current.cancel();
    }
  }

  /// Answers a message; one without an answer is not kept.
  ///
  /// @return whether the conversation can go on: not if this thread was interrupted
  private boolean answer(String text) {
    var conversation = new ArrayList<>(messages);
    conversation.add(Message.user(text));
    Reply reply;
    try (var continuation = chat.start(options.request(conversation))) {
      answering.set(continuation);
      var view = new ReplyView(console);
      while (continuation.hasNext()) {
        continuation.next().forEach(view::show);
      }
      view.end();
      reply = continuation.result();
    } finally {
      answering.set(null);
    }
    if (Thread.currentThread().isInterrupted()) {
      return false;
    }
    conversation.add(reply.message());
    messages.clear();
    messages.addAll(conversation);
    note(reply.generation());
    return true;
  }

  private void note(Generation generation) {
    var usage = generation.usage();
    String line =
        Display.format(
            "read %,d tokens (%,d known), wrote %,d at %s tokens/s%s",
            usage.promptTokens(),
            usage.cachedTokens(),
            usage.generatedTokens(),
            Display.rate(usage.decodeRate()),
            switch (generation.finish()) {
              case STOP -> "";
              case LENGTH -> "; cut off by --tokens or --context";
              case CANCELLED -> "; stopped";
            });
    console.note(console.isErrorColoured() ? "\033[2m" + line + "\033[0m" : line);
  }

  private void command(String line) throws IOException {
    String[] words = line.split("\\s+", 2);
    String rest = words.length > 1 ? words[1] : "";
    switch (words[0]) {
      case "/help" -> console.note(HELP);
      case "/system" -> instruct(rest);
      case "/set" -> set(rest);
      case "/clear" -> messages.removeIf(message -> !(message instanceof Message.System));
      case "/save" -> save(file(rest, "/save FILE"));
      case "/load" -> load(file(rest, "/load FILE"));
      default ->
          throw new IllegalArgumentException(
              "there is no command %s; /help lists them, and a message that begins with a slash"
                      .formatted(words[0])
                  + " begins with two");
    }
  }

  private static Path file(String name, String usage) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException("the name of the file is missing: " + usage);
    }
    return Path.of(name);
  }

  /// Tells the model about its task, in place of what it was told before.
  void instruct(String text) {
    messages.removeIf(message -> message instanceof Message.System);
    if (!text.isEmpty()) {
      messages.addFirst(Message.system(text));
    }
  }

  private void set(String rest) {
    String[] words = rest.split("[\\s=]+", 2);
    if (words.length < 2) {
      throw new IllegalArgumentException(
          "give a name and a value, as /set temperature 0.2; educe chat --help lists the names");
    }
    try {
      options = options.with(words[0], words[1]);
    } catch (ParameterException e) {
      // Here the line of /help is of use, and not that of the command.
      throw new IllegalArgumentException(Failures.sentence(e), e);
    }
  }

  private void save(Path file) throws IOException {
    var folder = file.toAbsolutePath().getParent();
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IOException("there is no folder %s to write %s in".formatted(folder, file));
    }
    if (Files.isDirectory(file)) {
      throw new IOException(file + " is a directory; give the path of a file");
    }
    var fields = Map.of("messages", messages.stream().map(Message::fields).toList());
    Files.writeString(
        file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsString(fields));
    console.note("saved %d messages to %s".formatted(messages.size(), file));
  }

  private void load(Path file) throws IOException {
    String json = Display.decode(Files.readAllBytes(ModelFile.readable(file)), file.toString());
    record Saved(List<Map<String, Object>> messages) {}
    var loaded = new ArrayList<Message>();
    try {
      var saved = JsonMapper.shared().readValue(json, new TypeReference<Saved>() {});
      if (saved == null || saved.messages() == null) {
        throw new IOException(file + " has no list of messages, as /save writes it");
      }
      for (var fields : saved.messages()) {
        loaded.add(Message.of(fields == null ? Map.of("role", "") : fields));
      }
    } catch (JacksonException | IllegalArgumentException e) {
      throw new IOException(
          "%s is no saved conversation: %s".formatted(file, firstLine(e.getMessage())), e);
    }
    messages.clear();
    messages.addAll(loaded);
    console.note("loaded %d messages from %s".formatted(messages.size(), file));
  }

  private static String firstLine(String message) {
    return message.lines().findFirst().orElse("");
  }
}
