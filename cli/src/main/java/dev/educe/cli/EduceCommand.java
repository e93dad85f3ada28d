package dev.educe.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `educe`: the list of commands.
@Command(
    name = "educe",
    description = "Runs trained models.",
    synopsisSubcommandLabel = "COMMAND",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe run model.gguf \"Once upon a time\"",
      "  educe chat model.gguf",
      "  educe serve model.gguf",
      "  educe inspect model.gguf",
      "  educe run --help",
      "",
      "A model is a GGUF file; Hugging Face, for one, has thousands (search there for GGUF).",
      "Options of the Java machine come first: educe -Deduce.debug run …",
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."
    })
final class EduceCommand implements Callable<Integer> {
  private final Console console;

  @Spec private CommandSpec spec;

  private EduceCommand(Console console) {
    this.console = console;
  }

  /// Runs one command.
  ///
  /// @return the exit code
  static int run(Console console, String... arguments) {
    var failures = new Failures(console);
    try {
      return commandLine(console, failures, arguments).execute(arguments);
    } catch (Throwable e) {
      // The top of the thread: errors of the machine, too, end in a sentence.
      return failures.failed(e);
    }
  }

  private static CommandLine commandLine(Console console, Failures failures, String... arguments) {
    var line = new CommandLine(new EduceCommand(console));
    commands(console, arguments).forEach(line::addSubcommand);
    line.setOut(console.writer())
        .setColorScheme(
            CommandLine.Help.defaultColorScheme(console.isOutputColoured() ? Ansi.ON : Ansi.OFF))
        .setUsageHelpWidth(100)
        .setUsageHelpLongOptionsMaxWidth(28)
        .setParameterExceptionHandler((failure, _) -> failures.usage(failure))
        .setExecutionExceptionHandler((failure, _, _) -> failures.failed(failure));
    line.getSubcommands().values().forEach(EduceCommand::arrangeHelp);
    return line;
  }

  /// The command that the first argument names, or all: describing one to picocli takes
  /// milliseconds.
  private static Map<String, Object> commands(Console console, String... arguments) {
    var commands = new LinkedHashMap<String, Object>();
    commands.put("run", new RunCommand(console));
    commands.put("chat", new ChatCommand(console));
    commands.put("inspect", new InspectCommand(console));
    commands.put("tokenize", new TokenizeCommand(console));
    commands.put("embed", new EmbedCommand(console));
    commands.put("perplexity", new PerplexityCommand(console));
    commands.put("evaluate", new EvaluateCommand(console));
    commands.put("imatrix", new ImatrixCommand(console));
    commands.put("prune", new PruneCommand(console));
    commands.put("logits", new LogitsCommand(console));
    commands.put("quantize", new QuantizeCommand(console));
    commands.put("template", new TemplateCommand(console));
    commands.put(
        "bench",
        new CommandLine(new BenchCommand(console)).addSubcommand(new BenchServeCommand(console)));
    commands.put("distil", new DistilCommand(console));
    commands.put("serve", new ServeCommand(console));
    commands.put("batch", new BatchCommand(console));
    commands.put("keys", new KeysCommand(console));
    if (arguments.length > 0 && commands.containsKey(arguments[0])) {
      commands.keySet().retainAll(List.of(arguments[0]));
    }
    return commands;
  }

  private static void arrangeHelp(CommandLine command) {
    command
        .getCommandSpec()
        .usageMessage()
        .descriptionHeading("%n")
        .parameterListHeading("%nArguments:%n")
        .optionListHeading("%nOptions:%n");
    command.getSubcommands().values().forEach(EduceCommand::arrangeHelp);
  }

  /// Without a command: the list of commands, where mistakes are shown.
  @Override
  public Integer call() {
    console.note(spec.commandLine().getUsageMessage(Ansi.OFF).stripTrailing());
    return ExitCode.USAGE;
  }
}
