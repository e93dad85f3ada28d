package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/// llama.cpp or ik_llama.cpp as a folder of built tools: `llama-bench` and `llama-batched-bench`.
///
/// Each run measures twice in its process and gives the second figure, since the tools' own warm-up
/// is a single token.
final class ToolsPeer implements Peer {
  private static final String BENCH = "llama-bench";
  private static final String BATCHED = "llama-batched-bench";

  /// An option that only ik_llama.cpp has: weights are repacked while loading.
  private static final String REPACK = "-rtr";

  private static final List<String> SETTINGS = List.of("-b", "2048", "-ub", "512");

  private final Path folder;
  private final String name;
  private final String version;
  private final boolean repacks;
  private final Path model;
  private final Workload load;
  private final Duration limit;
  private final Path work;

  private ToolsPeer(
      Path folder,
      String name,
      String version,
      boolean repacks,
      Path model,
      Workload load,
      Duration limit,
      Path work) {
    this.folder = folder;
    this.name = name;
    this.version = version;
    this.repacks = repacks;
    this.model = model;
    this.load = load;
    this.limit = limit;
    this.work = work;
  }

  /// The peers in a folder: two where the tools can repack, which is faster for some formats only.
  ///
  /// @throws PeerFailedException if the tools are not there or do not start
  static List<Peer> in(Path folder, Path model, Workload load, Duration limit, Path work)
      throws PeerFailedException, IOException, InterruptedException {
    for (String tool : List.of(BENCH, BATCHED)) {
      if (!Files.isExecutable(folder.resolve(tool))) {
        throw new PeerFailedException("the folder has no program " + tool);
      }
    }
    var help = tool(folder, work, limit, BENCH, "--help");
    boolean canRepack = (help.output() + help.errors()).contains(REPACK);
    String name = canRepack ? "ik_llama.cpp" : "llama.cpp (tools)";
    var said = tool(folder, work, limit, BATCHED, "--version");
    String version = version(said.output() + "\n" + said.errors());
    var peers = new ArrayList<Peer>();
    peers.add(new ToolsPeer(folder, name, version, false, model, load, limit, work));
    if (canRepack) {
      String repacking = name + " " + REPACK;
      peers.add(new ToolsPeer(folder, repacking, version, true, model, load, limit, work));
    }
    return peers;
  }

  private static Child.Outcome tool(
      Path folder, Path work, Duration limit, String tool, String... arguments)
      throws PeerFailedException, IOException, InterruptedException {
    var line = new ArrayList<String>();
    line.add(folder.resolve(tool).toString());
    line.addAll(Arrays.asList(arguments));
    return new Child(line, work, limit).run();
  }

  /// From what `--version` prints: "version: 4567 (abcdef0)".
  static String version(String said) {
    return said.lines()
        .filter(line -> line.startsWith("version:"))
        .map(line -> line.substring("version:".length()).strip())
        .findFirst()
        .orElse("unknown");
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public boolean offers(Test test) {
    return test != Test.START;
  }

  @Override
  public Sample run(Test test, int threads)
      throws PeerFailedException, IOException, InterruptedException {
    return switch (test) {
      case PROMPT -> bench(threads, load.prompt(), 0);
      case DECODE -> bench(threads, 0, load.decode());
      case BATCH -> batch(threads);
      case START -> throw new IllegalArgumentException("the tools do not tell when they start");
    };
  }

  private Sample bench(int threads, int prompt, int decode)
      throws PeerFailedException, IOException, InterruptedException {
    var arguments = new ArrayList<String>();
    arguments.addAll(List.of("-p", Integer.toString(prompt), "-n", Integer.toString(decode)));
    arguments.addAll(List.of("-r", "2", "-fa", "1", "-o", "json"));
    if (repacks) {
      arguments.addAll(List.of(REPACK, "1"));
    }
    var outcome = run(BENCH, threads, arguments);
    return new Sample(benchRate(outcome.output()), outcome.peakBytes());
  }

  /// From a prompt of one token, so that contexts are as long as those of Educe.
  private Sample batch(int threads) throws PeerFailedException, IOException, InterruptedException {
    var arguments = new ArrayList<String>();
    arguments.addAll(List.of("-npp", "1", "-ntg", Integer.toString(load.batchDecode())));
    arguments.addAll(List.of("-npl", load.sequences() + "," + load.sequences()));
    arguments.addAll(List.of("-c", Integer.toString(context())));
    if (repacks) {
      arguments.add(REPACK);
    }
    var outcome = run(BATCHED, threads, arguments);
    return new Sample(batchedRate(outcome.output() + "\n" + outcome.errors()), outcome.peakBytes());
  }

  /// What a context of all sequences must hold, in the steps of 256 that it is rounded to.
  private int context() {
    return load.sequences() * Math.ceilDiv(1 + load.batchDecode(), 256) * 256;
  }

  private Child.Outcome run(String tool, int threads, List<String> arguments)
      throws PeerFailedException, IOException, InterruptedException {
    var all = new ArrayList<>(List.of("-m", model.toString(), "-t", Integer.toString(threads)));
    all.addAll(SETTINGS);
    all.addAll(arguments);
    return tool(folder, work, limit, tool, all.toArray(String[]::new));
  }

  /// The last repetition's tokens a second, from `llama-bench -o json` with one test.
  ///
  /// @throws PeerFailedException if it holds none
  static double benchRate(String json) throws PeerFailedException {
    try {
      var samples = JsonMapper.shared().readTree(json).path(0).path("samples_ts");
      if (samples.isArray() && !samples.isEmpty()) {
        return samples.get(samples.size() - 1).asDouble();
      }
    } catch (JacksonException e) {
      throw new PeerFailedException(BENCH + " printed no JSON: " + e.getOriginalMessage());
    }
    throw new PeerFailedException(BENCH + " printed no samples_ts");
  }

  /// The last row's tokens a second of writing, all sequences together, from the table of
  /// `llama-batched-bench`.
  ///
  /// @throws PeerFailedException if there is no such table
  static double batchedRate(String printed) throws PeerFailedException {
    var rows =
        printed
            .lines()
            .filter(line -> line.startsWith("|"))
            .map(line -> Arrays.stream(line.split("\\|")).map(String::strip).toList())
            .toList();
    int column = rows.isEmpty() ? -1 : rows.getFirst().indexOf("S_TG t/s");
    var last = rows.isEmpty() ? List.<String>of() : rows.getLast();
    if (column < 0 || last.size() <= column || !last.get(column).matches("[0-9]+(\\.[0-9]+)?")) {
      throw new PeerFailedException(BATCHED + " printed no row with S_TG t/s");
    }
    return Double.parseDouble(last.get(column));
  }
}
