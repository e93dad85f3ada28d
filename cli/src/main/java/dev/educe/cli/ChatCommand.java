package dev.educe.cli;

import dev.educe.ChatRequest;
import dev.educe.ChatTemplate;
import dev.educe.Message;
import dev.educe.Model;
import dev.educe.Request;
import dev.educe.kernels.KvType;
import dev.educe.template.TemplateException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// `educe chat`: a conversation.
@Command(
    name = "chat",
    customSynopsis = "educe chat [OPTION]… MODEL",
    description = {
      "Holds a conversation with a model.",
      "",
      "On a terminal, /help lists the commands; Ctrl-C stops an answer, Ctrl-D leaves. Otherwise"
          + " each line of standard input is a message."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe chat model.gguf",
      "  educe chat model.gguf --system \"Answer in one sentence.\" --temperature 0.2",
      "  echo \"Why is the sky blue?\" | educe chat model.gguf"
    })
final class ChatCommand implements Callable<Integer> {
  /// What /set cannot change any more.
  private static final List<String> FIXED =
      List.of("--threads", "--kernels", "--kv", "--context", "--template", "--system", "--verbose");

  private final Console console;

  @Spec private CommandSpec spec;

  @Mixin private Loading loading;

  @Mixin private Guessing guessing;

  @Option(
      names = "--system",
      paramLabel = "TEXT",
      description = "What the model is told about its task.")
  private String system = "";

  @Option(
      names = "--template",
      paramLabel = "FILE",
      description = {
        "A Jinja template to write the conversation with, instead of the model's own; 'chatml' is a"
            + " plain one that many models understand."
      })
  private String template;

  @Option(
      names = "--template-argument",
      paramLabel = "NAME=VALUE",
      description = {
        "A variable of the template, as enable_thinking=false; the value is JSON or a text. May be"
            + " given more than once."
      })
  private Map<String, String> templateArguments = new LinkedHashMap<>();

  @Option(
      names = {"-n", "--tokens"},
      paramLabel = "N",
      description = "Write at most N tokens for an answer; what the context holds unless given.")
  private Integer tokens;

  @Option(
      names = "--reasoning-tokens",
      paramLabel = "N",
      description = "After N tokens of reasoning the model must answer; no limit unless given.")
  private Integer reasoningTokens;

  @Mixin private SamplingOptions samplingOptions;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "End an answer before this text; may be given more than once.")
  private List<String> stop = new ArrayList<>();

  @Option(
      names = {"-c", "--context"},
      paramLabel = "N",
      description =
          "How many tokens the conversation may have; the model's own, at most 8,192, unless"
              + " given.")
  private Integer context;

  @Option(names = "--verbose", description = "Say on standard error what was loaded.")
  private boolean verbose;

  ChatCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (context != null) {
      new Bounds(spec.commandLine()).check("--context", context, 1, Loading.CONTEXT_MAX);
    }
    request(List.of(Message.user("")));
    var options = guessing.of(loading.options(context == null ? 0 : context, KvType.F16));
    loading.file().embedByDefault();
    var path = loading.file().require();
    var given = template == null ? null : template();
    try (var model = loading.load(console, options)) {
      if (verbose) {
        console.note(path + ": " + model.summary());
      }
      var chat = model.chat(given == null ? own(model) : given);
      try (var input = input()) {
        var session = new ChatSession(console, input, chat, this);
        if (!system.isEmpty()) {
          session.instruct(system);
        }
        return session.run();
      }
    }
  }

  private ChatInput input() throws IOException {
    return console.isInputTerminal() && console.isOutputTerminal()
        ? TerminalInput.open(System.getenv())
        : console::readLine;
  }

  private ChatTemplate template() throws IOException {
    if (template.equals("chatml")) {
      return ChatTemplate.chatml();
    }
    byte[] source = Files.readAllBytes(ModelFile.readable(Path.of(template)));
    try {
      return ChatTemplate.parse(Display.decode(source, template));
    } catch (TemplateException e) {
      throw new IOException(template + ": " + e.getMessage(), e);
    }
  }

  private ChatTemplate own(Model model) throws IOException {
    try {
      return model
          .chatTemplate()
          .orElseThrow(() ->
              new ParameterException(
                  spec.commandLine(),
                  loading.file().name()
                      + " has no chat template; give one by --template FILE, or --template"
                      + " chatml"));
    } catch (TemplateException e) {
      throw new IOException(
          "%s: its chat template: %s; give another by --template FILE"
              .formatted(loading.file().name(), e.getMessage()),
          e);
    }
  }

  /// What is asked of the model, by the options.
  ///
  /// @throws ParameterException if one is out of range
  ChatRequest request(List<Message> messages) {
    var bounds = new Bounds(spec.commandLine());
    if (tokens != null) {
      bounds.check("-n", tokens, 1, Loading.CONTEXT_MAX);
    }
    if (reasoningTokens != null) {
      bounds.check("--reasoning-tokens", reasoningTokens, 0, Loading.CONTEXT_MAX);
    }
    for (String text : stop) {
      bounds.check(!text.isEmpty(), "--stop", "a text", "an empty one");
    }
    var arguments = new LinkedHashMap<String, Object>();
    templateArguments.forEach((name, value) -> arguments.put(name, value(value)));
    return ChatRequest.of(messages)
        .withTemplateArguments(arguments)
        .withReasoningTokensMax(reasoningTokens == null ? Integer.MAX_VALUE : reasoningTokens)
        .withGeneration(
            Request.of("")
                .withTokensMax(tokens == null ? Integer.MAX_VALUE : tokens)
                .withSampling(samplingOptions.sampling())
                .withStop(stop));
  }

  private static Object value(String text) {
    try {
      Object value = JsonMapper.shared().readValue(text, Object.class);
      return value == null ? text : value;
    } catch (JacksonException _) {
      return text;
    }
  }

  /// This command with an option more, as `temperature` and `0.2`.
  ///
  /// @throws ParameterException if there is none of this name that can be changed, or the value is
  ///   none of it
  ChatCommand with(String name, String value) {
    String option = "--" + name.replaceFirst("^-+", "").replace('_', '-');
    var known = spec.findOption(option);
    if (known == null || known.usageHelp() || known.versionHelp() || FIXED.contains(option)) {
      throw new ParameterException(
          spec.commandLine(), "there is no setting '%s' to be changed now".formatted(name));
    }
    var command = new ChatCommand(console);
    var line = new CommandLine(command).setOverwrittenOptionsAllowed(true);
    var parsed = spec.commandLine().getParseResult().originalArgs();
    boolean isNamed = spec.commandLine().getParent() != null; // the first is `chat`
    var arguments = new ArrayList<>(parsed.subList(isNamed ? 1 : 0, parsed.size()));
    int end = arguments.indexOf("--");
    arguments.add(end < 0 ? arguments.size() : end, option + "=" + value);
    line.parseArgs(arguments.toArray(String[]::new));
    command.request(List.of(Message.user(""))); // says what is out of range
    return command;
  }
}
