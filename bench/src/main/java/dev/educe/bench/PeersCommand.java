package dev.educe.bench;

import dev.educe.platform.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// `./dev bench peers`: Educe and its peers on the same file, in turn.
final class PeersCommand {
  private static final Set<String> FLAGS = Set.of("--quick");
  private static final Set<String> VALUED =
      Set.of("--shape", "--peer-bench", "--threads", "--rounds", "--timeout", "--kernels");
  private static final int ROUNDS = 3;
  private static final int TIMEOUT_SECONDS = 60;
  private static final Duration MAKING_LIMIT = Duration.ofMinutes(10);

  private final Path root;
  private final Arguments arguments;
  private final boolean isQuick;
  private final Workload load;
  private final List<Integer> threads;
  private final int rounds;
  private final Duration limit;
  private final Path work;

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  PeersCommand(Path root, List<String> words) {
    this.root = root;
    this.arguments = new Arguments(words, FLAGS, VALUED);
    this.isQuick = arguments.has("--quick");
    this.load = isQuick ? Workload.QUICK : Workload.STANDARD;
    this.threads = arguments.numbers("--threads", threadsToTry());
    this.rounds = arguments.number("--rounds", isQuick ? 1 : ROUNDS);
    this.limit = Duration.ofSeconds(arguments.number("--timeout", TIMEOUT_SECONDS));
    this.work = root.resolve("bench/target/work");
  }

  /// All cores and half of them; and one thread, which never waits for another.
  private static List<Integer> threadsToTry() {
    int cores = Machine.physicalCores();
    return List.copyOf(new TreeSet<>(List.of(1, Math.max(1, cores / 2), cores)));
  }

  void run() throws IOException, InterruptedException, PeerFailedException {
    for (Path model : models()) {
      var comparison = compare(model);
      System.out.print(ComparisonTable.of(comparison));
      keep(comparison);
    }
  }

  private List<Path> models() throws IOException, InterruptedException, PeerFailedException {
    var models = new ArrayList<Path>();
    for (String file : arguments.rest()) {
      var path = root.resolve(file);
      if (!Files.isRegularFile(path)) {
        throw new NoSuchFileException(file);
      }
      models.add(path);
    }
    var shape = arguments.value("--shape");
    if (shape.isPresent()) {
      models.add(made(shape.get()));
    }
    if (models.isEmpty()) {
      throw new IllegalArgumentException("name a MODEL or a --shape, as llama-1b-q4_0");
    }
    return models;
  }

  /// A model of random weights, made once.
  private Path made(String shape) throws IOException, InterruptedException, PeerFailedException {
    var path = root.resolve("models").resolve(shape + ".gguf");
    if (!Files.exists(path)) {
      Files.createDirectories(path.getParent());
      progress("making " + root.relativize(path));
      var educe = root.resolve("educe").toString();
      new Child(List.of(educe, "bench", "--make", shape, path.toString()), work, MAKING_LIMIT)
          .run();
    }
    return path;
  }

  private Comparison compare(Path model)
      throws IOException, InterruptedException, PeerFailedException {
    var machine = MachineDescription.read(root);
    var modelWork = ModelWork.of(model);
    var absent = new LinkedHashMap<String, String>();
    var peers = peers(model, modelWork, absent);
    absent.forEach((name, why) -> progress("absent: %s (%s)".formatted(name, why)));
    var contest = new Contest(peers, threads, load, PeersCommand::progress);
    contest.run(rounds);
    var versions = new LinkedHashMap<String, String>();
    peers.forEach(peer -> versions.put(peer.name(), peer.version()));
    return new Comparison(
        LocalDate.now(),
        model.getFileName().toString().replaceFirst("\\.gguf$", ""),
        rounds,
        machine,
        load,
        modelWork,
        versions,
        absent,
        Metric.of(contest.trials(), load));
  }

  /// The machine, Educe and every peer that is here; the others are noted.
  private List<Peer> peers(Path model, ModelWork modelWork, Map<String, String> absent)
      throws IOException, InterruptedException, PeerFailedException {
    var peers = new ArrayList<Peer>();
    peers.add(new MachinePeer(modelWork, load));
    String kernels = arguments.value("--kernels").orElse("");
    peers.add(new EducePeer(root, model, kernels, load, limit, work));
    try {
      peers.add(LlamaCppPeer.install(root.resolve("bench/peers"), model, load, limit, work));
    } catch (PeerFailedException e) {
      absent.put("llama.cpp", e.getMessage());
    }
    var folder = arguments.value("--peer-bench");
    if (folder.isEmpty()) {
      absent.put("llama-bench and the like", "no --peer-bench names their folder");
      return peers;
    }
    try {
      var tools = root.resolve(folder.get()).toRealPath();
      peers.addAll(ToolsPeer.in(tools, model, load, limit, work));
    } catch (NoSuchFileException e) {
      absent.put("the tools of --peer-bench", "there is no folder " + folder.get());
    } catch (PeerFailedException e) {
      absent.put("the tools of --peer-bench", e.getMessage());
    }
    return peers;
  }

  /// Under `bench/results`; a trial run, whose figures mean nothing, under `bench/target`.
  private void keep(Comparison comparison) throws IOException {
    var folder = root.resolve(isQuick ? "bench/target/results" : "bench/results");
    Files.createDirectories(folder);
    String name = comparison.date() + "-" + comparison.model();
    var json = folder.resolve(name + ".json");
    var plot = folder.resolve(name + ".svg");
    var mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    Files.writeString(json, mapper.writeValueAsString(comparison.json()) + "\n");
    Files.writeString(plot, ComparisonPlot.of(comparison));
    progress("wrote %s and %s".formatted(root.relativize(json), root.relativize(plot)));
  }

  private static void progress(String line) {
    System.err.println(line);
  }
}
