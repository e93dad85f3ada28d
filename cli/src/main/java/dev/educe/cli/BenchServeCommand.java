package dev.educe.cli;

import dev.educe.cli.load.Endpoint;
import dev.educe.cli.load.Goal;
import dev.educe.cli.load.Load;
import dev.educe.cli.load.LoadClient;
import dev.educe.cli.load.LoadPlot;
import dev.educe.cli.load.LoadResult;
import dev.educe.cli.load.Prompts;
import dev.educe.cli.load.ServerFigures;
import dev.educe.cli.load.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `educe bench serve`: how a server of OpenAI's API stands up to load.
@Command(
    name = "serve",
    customSynopsis = "educe bench serve [OPTION]… URL",
    description = {
      "Asks a server of OpenAI's API for texts and measures how it answers.",
      "",
      "With --rate, requests arrive at random moments whether or not others have ended; times count"
          + " from when each was due. With --concurrency, so many clients ask one after the other."
          + " Several values, separated by commas, are measured in turn.",
      "",
      "TTFT is the time to the first token, ITL between two pieces of text, TPOT the mean of an"
          + " answer's tokens after the first, E2E to its end."
    },
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  educe bench serve http://localhost:8080 --concurrency 1,4,16",
      "  educe bench serve http://localhost:8080 --rate 0.5,1,2 --duration 60 --plot load.svg",
      "  educe bench serve http://localhost:8080 --prompts asked.txt --goodput ttft:200,tpot:50"
    })
final class BenchServeCommand implements Callable<Integer> {
  private static final int COUNT_MAX = 10_000_000;
  private static final int CLIENTS_MAX = 100_000;
  private static final int TOKENS_MAX = 1 << 20;
  private static final int SECONDS_MAX = 1_000_000;

  private final Console console;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      hideParamSyntax = true,
      paramLabel = "URL",
      description = "Address of the server, with or without /v1.")
  private String url;

  @Option(
      names = "--rate",
      paramLabel = "R",
      split = ",",
      description = "Requests a second, at random moments.")
  private List<Double> rates = List.of();

  @Option(
      names = "--burstiness",
      paramLabel = "B",
      defaultValue = "1",
      description = "Of --rate: 1 for a Poisson process, below 1 for bursts, above for evenness.")
  private double burstiness;

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      split = ",",
      description = "Clients at once; 1 unless --rate is given.")
  private List<Integer> concurrencies = List.of();

  @Option(
      names = "--num-prompts",
      paramLabel = "N",
      defaultValue = "100",
      description = "Requests for each value at most; ${DEFAULT-VALUE} by default.")
  private int count;

  @Option(
      names = "--duration",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "Send requests for so long at most.")
  private double seconds;

  @Option(
      names = {"-p", "--prompt-tokens"},
      paramLabel = "N[-M]",
      defaultValue = "128",
      description = "Length of random prompts; ${DEFAULT-VALUE} by default.")
  private String promptTokens;

  @Option(
      names = "--prompts",
      paramLabel = "FILE",
      description = "Ask these instead: one on each line, or objects with a 'prompt' in a .jsonl.")
  private Path prompts;

  @Option(
      names = {"-n", "--tokens"},
      paramLabel = "N",
      defaultValue = "128",
      description = "How many tokens to ask for at most; ${DEFAULT-VALUE} by default.")
  private int tokens;

  @Option(
      names = "--exact",
      description = "Ask for exactly so many: min_tokens, which not every server knows.")
  private boolean exact;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0",
      description = "Of sampling; ${DEFAULT-VALUE} by default.")
  private double temperature;

  @Option(
      names = "--endpoint",
      paramLabel = "NAME",
      defaultValue = "completions",
      description = "completions or chat; ${DEFAULT-VALUE} by default.")
  private String endpoint;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "As the server calls it; its first unless given.")
  private String model;

  @Option(names = "--key", paramLabel = "KEY", description = "API key to get in with.")
  private String key;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "After which a request has failed; ${DEFAULT-VALUE} by default.")
  private int timeout;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "1",
      description = "Requests that come first and do not count; ${DEFAULT-VALUE} by default.")
  private int warmup;

  @Option(
      names = "--goodput",
      paramLabel = "GOAL",
      split = ",",
      description = "Count requests within times in ms: ttft:200,tpot:50,e2e:5000.")
  private List<String> goals = List.of();

  @Option(
      names = "--server-figures",
      description = "Show what the server itself counted, too; for 'educe serve'.")
  private boolean serverFigures;

  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Of all chance.")
  private long seed;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the figures as JSON; - for standard output, without the table.")
  private String json;

  @Option(names = "--plot", paramLabel = "FILE", description = "Draw them as SVG.")
  private Path plot;

  BenchServeCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    check();
    try (var asking = new LoadClient(target(""))) {
      model = model(asking);
    }
    var target = target(model);
    try (var client = new LoadClient(target)) {
      var asked = prompts(client);
      for (int i = 0; i < warmup; i++) {
        client.probe(asked.next());
      }
      return measure(target, client, asked);
    }
  }

  private void check() {
    var line = spec.commandLine();
    if (url == null) {
      throw new ParameterException(
          line, "URL is missing: give the address of a server, as http://localhost:8080");
    }
    if (!rates.isEmpty() && !concurrencies.isEmpty()) {
      throw new ParameterException(line, "give --rate or --concurrency, not both");
    }
    var bounds = new Bounds(line);
    rates.forEach(rate ->
        bounds.check(rate > 0 && rate <= 1e6, "--rate", "above 0 and at most 1,000,000", rate));
    concurrencies.forEach(clients -> bounds.check("--concurrency", clients, 1, CLIENTS_MAX));
    bounds.check(
        burstiness >= 0.01 && burstiness <= 1e4, "--burstiness", "0.01 to 10,000", burstiness);
    bounds.check("--num-prompts", count, 1, COUNT_MAX);
    bounds.check(seconds >= 0 && seconds <= SECONDS_MAX, "--duration", "0 (any) or more", seconds);
    bounds.check("-n", tokens, 1, TOKENS_MAX);
    bounds.check("--timeout", timeout, 1, SECONDS_MAX);
    bounds.check("--warmup", warmup, 1, COUNT_MAX);
    bounds.check(temperature >= 0 && temperature <= 2, "--temperature", "0 to 2", temperature);
    bounds.check(
        promptTokens.matches("[1-9][0-9]{0,6}(-[1-9][0-9]{0,6})?"),
        "-p",
        "a number of tokens or two as 64-256",
        promptTokens);
    String[] ends = promptTokens.split("-");
    int least = Integer.parseInt(ends[0]);
    bounds.check("-p", Integer.parseInt(ends[ends.length - 1]), least, Integer.MAX_VALUE);
    bounds.check(
        List.of("completions", "chat").contains(endpoint),
        "--endpoint",
        "completions or chat",
        endpoint);
    try {
      goals.forEach(Goal::of);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(line, "--goodput: " + e.getMessage(), e);
    }
  }

  private Target target(String model) {
    try {
      return new Target(
          Target.base(url),
          isChat() ? Endpoint.CHAT : Endpoint.COMPLETIONS,
          model,
          Optional.ofNullable(key),
          tokens,
          exact,
          temperature,
          Duration.ofSeconds(timeout));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private String model(LoadClient client) throws IOException {
    var names = client.models();
    if (model == null) {
      return names.stream()
          .findFirst()
          .orElseThrow(() -> new IOException("the server names no models; name one with --model"));
    }
    if (!names.contains(model)) {
      console.note("the server lists no model '%s' but %s".formatted(model, names));
    }
    return model;
  }

  private Prompts prompts(LoadClient client) throws IOException {
    if (prompts != null) {
      return Prompts.ofFile(ModelFile.readable(prompts));
    }
    String[] ends = promptTokens.split("-");
    int min = Integer.parseInt(ends[0]);
    int max = Integer.parseInt(ends[ends.length - 1]);
    var random = new Random(seed);
    return isChat()
        ? Prompts.ofWords(client, min, max, random)
        : Prompts.ofTokens(min, max, random);
  }

  private boolean isChat() {
    return endpoint.equals("chat");
  }

  private int measure(Target target, LoadClient client, Prompts asked) throws IOException {
    boolean isOpen = !rates.isEmpty();
    List<? extends Number> values =
        isOpen ? rates : concurrencies.isEmpty() ? List.of(1) : concurrencies;
    var report = new LoadReport(target, prompts == null ? promptTokens : prompts.toString());
    boolean isSilent = "-".equals(json);
    if (!isSilent) {
      console.println(report.title() + "\n" + report.remark());
    }
    for (Number value : values) {
      var before = figures(client);
      String kind = isOpen ? "rate" : "concurrency";
      var result = run(client, asked, kind, value.doubleValue());
      report.add(result, figures(client).map(after -> after.since(before.orElseThrow(), model)));
      if (!isSilent) {
        console.print("\n" + report.last());
      }
    }
    write(report);
    return report.isAnyDone() ? ExitCode.OK : ExitCode.FAILED;
  }

  private Optional<ServerFigures> figures(LoadClient client) throws IOException {
    return serverFigures
        ? Optional.of(new ServerFigures(client.get("/metrics")))
        : Optional.empty();
  }

  private LoadResult run(LoadClient client, Prompts asked, String kind, double value) {
    try (var progress = new Progress(console, kind + " " + Display.number(value))) {
      var load =
          new Load(client, asked, count, Duration.ofMillis((long) (1e3 * seconds)), progress);
      var replies =
          kind.equals("rate")
              ? load.open(value, burstiness, new Random(seed))
              : load.closed((int) value);
      return new LoadResult(kind, value, replies, goals.stream().map(Goal::of).toList());
    }
  }

  private void write(LoadReport report) throws IOException {
    if ("-".equals(json)) {
      console.print(report.json());
    } else if (json != null) {
      Files.writeString(Path.of(json), report.json());
      console.note("wrote " + json);
    }
    if (plot != null) {
      Files.writeString(plot, LoadPlot.of(report.title(), report.remark(), report.results()));
      console.note("wrote " + plot);
    }
  }
}
