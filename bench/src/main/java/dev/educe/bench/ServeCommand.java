package dev.educe.bench;

import dev.educe.cli.load.Load;
import dev.educe.cli.load.LoadClient;
import dev.educe.cli.load.LoadResult;
import dev.educe.cli.load.Prompts;
import dev.educe.cli.load.ServerFigures;
import dev.educe.kernels.KvType;
import dev.educe.server.EduceServer;
import dev.educe.server.config.ServerConfig;
import dev.educe.server.config.Settings;
import dev.educe.server.model.EngineCatalogue;
import dev.educe.server.model.EngineCatalogue.Source;
import dev.educe.server.model.ModelOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.logging.Level;
import java.util.logging.Logger;

/// `./dev bench serve`: what serving over HTTP costs, and what the server stands.
///
/// The load is made on the same machine, by this process; but for throughput, the server is
/// another.
final class ServeCommand {
  private static final Set<String> VALUED =
      Set.of("--only", "--rounds", "--tokens", "--requests", "--seconds", "--streams", "--leaving");
  private static final int CLIENTS = 16;
  private static final int PROMPT_TOKENS = 32;
  private static final int CONTEXT = 512;

  private final Path root;
  private final Path path;
  private final String only;
  private final int rounds;
  private final int tokens;
  private final int requests;
  private final int seconds;
  private final int streams;
  private final int leaving;
  private final Random random = new Random(1);
  private final Prompts prompts = Prompts.ofTokens(PROMPT_TOKENS, PROMPT_TOKENS, random);

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  ServeCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one MODEL");
    }
    this.root = root;
    this.path = root.resolve(arguments.rest().getFirst()).toAbsolutePath();
    this.only = arguments.value("--only").orElse("");
    this.rounds = arguments.number("--rounds", 3);
    this.tokens = arguments.number("--tokens", 48);
    this.requests = arguments.number("--requests", 1);
    this.seconds = arguments.number("--seconds", 10);
    this.streams = arguments.number("--streams", 10_000);
    this.leaving = arguments.number("--leaving", 10_000);
  }

  void run() throws IOException, InterruptedException, ExecutionException, PeerFailedException {
    if (isWanted("throughput")) {
      throughput();
    }
    if (isWanted("overload")) {
      overload();
    }
    if (isWanted("streams")) {
      try (var server =
          served(
              "models.m.waiting=" + 2 * streams,
              "models.m.waiting-seconds=0",
              "heartbeat-seconds=5")) {
        new IdleStreams(server, streams).run();
      }
    }
    if (isWanted("background")) {
      new Background(root, path, requests, rounds, random).run();
    }
    if (isWanted("disconnects")) {
      try (var server = served()) {
        new Disconnects(server, leaving, random).run();
      }
    }
  }

  private boolean isWanted(String name) {
    return only.isEmpty() || only.equals(name);
  }

  private ServedProcess served(String... more) throws IOException, PeerFailedException {
    var settings = new ArrayList<String>();
    settings.add("models.m.context=" + CONTEXT);
    settings.add("models.m.sequences=" + 2 * CLIENTS);
    settings.addAll(List.of(more)); // the last of a name holds
    return new ServedProcess(root, path, settings);
  }

  /// A model alone and behind HTTP, in turn, by one client and by sixteen. It is the same model in
  /// the same process: another has its weights elsewhere in memory, which alone can make it slower.
  private void throughput() throws IOException, InterruptedException {
    var options =
        new ModelOptions(
            CONTEXT, 2 * CLIENTS, KvType.F16, 0, "", 2 * CLIENTS, Duration.ZERO, "plain");
    var source = new Source(ServedProcess.MODEL, List.of(), path, options);
    var catalogue = new EngineCatalogue(List.of(source), 0, Duration.ZERO);
    var settings = new Settings().put("port", "0", "benchmark");
    Logger.getLogger("org.eclipse.jetty").setLevel(Level.WARNING);
    try (var server = new EduceServer(ServerConfig.of(settings), catalogue, _ -> {});
        var lease = catalogue.lease(ServedProcess.MODEL);
        var client = new LoadClient(ServedProcess.target(server.uri(), tokens))) {
      var engine = new EngineLoad(lease.model(), prompts, tokens);
      warmUp(client);
      double[] alone = new double[rounds];
      double[] served = new double[rounds];
      double[] aloneToken = new double[rounds];
      double[] servedToken = new double[rounds];
      for (int round = -1; round < rounds; round++) {
        double rate = engine.run(CLIENTS, CLIENTS * requests).tokenRate();
        double token = engine.run(1, requests).tokenMillis();
        var many = closed(client, CLIENTS, CLIENTS * requests);
        var one = closed(client, 1, requests);
        if (round >= 0) { // the first warms up, too
          alone[round] = rate;
          aloneToken[round] = token;
          served[round] = many.tokenRate();
          servedToken[round] = one.tokenTimes().percentile(50);
        }
      }
      double[] share = new double[rounds];
      double[] added = new double[rounds];
      for (int round = 0; round < rounds; round++) {
        share[round] = 100 * served[round] / alone[round];
        added[round] = servedToken[round] - aloneToken[round];
      }
      print(
          "%d clients: %,.1f tokens/s over HTTP, %,.1f of the engine alone: %.1f %% (%.1f to %.1f)",
          CLIENTS,
          Series.of(served).median(),
          Series.of(alone).median(),
          Series.of(share).median(),
          Series.of(share).least(),
          Series.of(share).greatest());
      print(
          "one client: a token each %.3f ms over HTTP, %.3f ms of the engine alone: %+.3f ms",
          Series.of(servedToken).median(),
          Series.of(aloneToken).median(),
          Series.of(added).median());
      agreement(client);
    }
  }

  /// Until most of what is run often was compiled: of a small model's tokens, compilers would take
  /// as much of the processors as all else.
  private void warmUp(LoadClient client) {
    new Load(client, prompts, 1_000_000, Duration.ofSeconds(seconds), _ -> {}).closed(CLIENTS);
  }

  private LoadResult closed(LoadClient client, int clients, int count) {
    var load = new Load(client, prompts, count, Duration.ZERO, _ -> {});
    return checked(new LoadResult("concurrency", clients, load.closed(clients), List.of()));
  }

  private static LoadResult checked(LoadResult result) {
    if (result.done() < result.requests()) {
      print("not all were answered: %s", result.errors());
    }
    return result;
  }

  /// Percentiles of the client against those of the server's own histograms.
  private void agreement(LoadClient client) throws IOException {
    var before = new ServerFigures(client.get("/metrics"));
    var load = new Load(client, prompts, 1_000_000, Duration.ofSeconds(seconds), _ -> {});
    var result = checked(new LoadResult("concurrency", 4, load.closed(4), List.of()));
    var server = new ServerFigures(client.get("/metrics")).since(before, ServedProcess.MODEL);
    var own = Map.of("ttft", result.firstTimes(), "tpot", result.tokenTimes());
    server.forEach((name, times) -> {
      for (double percent : new double[] {50, 90, 95, 99}) {
        double seen = own.get(name).percentile(percent);
        print(
            "steady load of 4 clients, %,d requests: %s p%.0f %.2f ms, the server's %.2f ms:"
                + " %+.1f %%",
            result.requests(),
            name,
            percent,
            seen,
            times.percentile(percent),
            100 * (times.percentile(percent) / seen - 1));
      }
    });
  }

  private void overload()
      throws IOException, InterruptedException, ExecutionException, PeerFailedException {
    try (var server = served("models.m.sequences=" + CLIENTS);
        var client = new LoadClient(server.target(tokens))) {
      new Overload(server, client, prompts, CLIENTS, Duration.ofSeconds(seconds), rounds).run();
    }
  }

  static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
