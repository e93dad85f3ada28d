package dev.educe.cli;

import dev.educe.EmbeddedModel;
import dev.educe.server.EduceServer;
import dev.educe.server.config.ConfigException;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.model.EngineCatalogue;
import dev.educe.server.model.EngineCatalogue.Source;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe serve`: models behind OpenAI's API.
@Command(
    name = "serve",
    customSynopsis = "educe serve [OPTION]… [[NAME=]MODEL…]",
    description = {
      "Serves models to OpenAI's clients until it is told to end; the little storyteller that comes"
          + " with Educe where none is named.",
      "",
      "Settings come from --config, then from variables EDUCE_SERVE_…, then from here; the last one"
          + " counts. docs/how-to/serve.md lists them all."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe serve model.gguf",
      "  educe serve small=model.gguf --port 9000 --keys keys.json",
      "  educe serve --config educe.yaml --set limits.idle-seconds=30",
      "",
      "SIGTERM or Ctrl-C lets requests under way end first; a second one does not."
    })
final class ServeCommand implements Callable<Integer> {
  // 128 plus the number of SIGTERM, as shells have it.
  private static final int TERMINATED = 143;

  private static final Logger HTTP_LOG = Logger.getLogger("org.eclipse.jetty");

  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..*",
      hideParamSyntax = true,
      paramLabel = "MODEL",
      description = "GGUF files; clients ask for them by NAME, or else the file's name.")
  private List<String> models = List.of();

  @Option(names = "--config", paramLabel = "FILE", description = "Settings, in YAML.")
  private Path config;

  @Option(names = "--host", paramLabel = "HOST", description = "Where to listen: 127.0.0.1.")
  private String host;

  @Option(names = "--port", paramLabel = "PORT", description = "Port to listen on: 8080.")
  private String port;

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description = "Ask for API keys: those of this file, which 'educe keys' writes.")
  private String keys;

  @Option(
      names = "--draft",
      paramLabel = "FILE",
      description = "A smaller model of their vocabulary that guesses for each MODEL.")
  private String draft;

  @Option(
      names = "--set",
      paramLabel = "NAME=VALUE",
      description = "Any other setting; may be given more than once.")
  private List<String> assignments = List.of();

  @Option(
      names = "--insecure-no-auth",
      description = "Let other machines in without asking for keys.")
  private boolean insecure;

  @Option(
      names = "--print-config",
      description = "Print every setting and where it came from, and end.")
  private boolean printConfig;

  ServeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    Settings settings;
    ServerConfig checked;
    try {
      settings = settings();
      checked = ServerConfig.of(settings);
    } catch (ConfigException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    if (printConfig) {
      settings.lines().forEach(console::println);
      return ExitCode.OK;
    }
    for (Source source : checked.models()) {
      ModelFile.readable(source.file());
    }
    configureLog();
    return serve(checked);
  }

  private Settings settings() throws IOException {
    var settings = new Settings();
    if (config != null) {
      settings.file(ModelFile.readable(config));
    }
    settings.environment(System.getenv());
    for (String model : models) {
      int equals = model.indexOf('=');
      String file = model.substring(equals + 1);
      String name = equals > 0 ? model.substring(0, equals) : name(file);
      settings.put("models." + name + ".file", file, "command line");
      if (draft != null) {
        settings.put("models." + name + ".draft", draft, "flag --draft");
      }
    }
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      if (equals < 1) {
        throw new ParameterException(
            spec.commandLine(), "--set must be NAME=VALUE, got " + assignment);
      }
      settings.put(assignment.substring(0, equals), assignment.substring(equals + 1), "flag --set");
    }
    if (settings.models().isEmpty()) {
      settings.put(
          "models." + EmbeddedModel.NAME + ".file", EmbeddedModel.KEYWORD, "no model named");
    }
    putFlag(settings, "host", host);
    putFlag(settings, "port", port);
    putFlag(settings, "keys", keys);
    putFlag(settings, "insecure-no-auth", insecure ? "true" : null);
    return settings;
  }

  private static String name(String file) {
    return file.equals(EmbeddedModel.KEYWORD)
        ? EmbeddedModel.NAME
        : Path.of(file).getFileName().toString().replaceFirst("\\.gguf$", "");
  }

  private static void putFlag(Settings settings, String key, String value) {
    if (value != null) {
      settings.put(key, value, "flag --" + key);
    }
  }

  /// One line for each message, and nothing of the HTTP library's but warnings.
  private static void configureLog() {
    if (System.getProperty("java.util.logging.SimpleFormatter.format") == null) {
      System.setProperty(
          "java.util.logging.SimpleFormatter.format", "%1$tFT%1$tT.%1$tL %4$s %5$s%6$s%n");
    }
    HTTP_LOG.setLevel(Level.WARNING);
  }

  private int serve(ServerConfig checked) throws IOException {
    var ending = new CountDownLatch(1);
    Signals.handle(
        () -> {
          if (ending.getCount() == 0) {
            Runtime.getRuntime().halt(TERMINATED);
          }
          ending.countDown();
        },
        "TERM",
        "INT");
    try (var catalogue =
            new EngineCatalogue(checked.models(), checked.memoryBytes(), checked.unload());
        var server = new EduceServer(checked, catalogue, console::println)) {
      try {
        if (checked.preload()) {
          catalogue.preload();
        }
        var names = new ArrayList<String>();
        catalogue.entries().forEach(entry -> names.add(entry.name()));
        console.println(
            "educe: serving %s at %s/v1".formatted(String.join(", ", names), server.uri()));
        ending.await();
        console.note("educe: ending; requests under way go on, a second signal ends them, too");
        server.drain();
      } catch (InterruptedException _) {
        // Ctrl-C without our own handling of it: there is no time to wait.
        Thread.currentThread().interrupt();
      }
    }
    return ExitCode.OK;
  }
}
