package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/// Educe through its own command, started for each run as a user would.
final class EducePeer implements Peer {
  /// The name that ratios are of.
  static final String NAME = "Educe";

  // The line of figures that follows the first token where only one is written.
  private static final String FIRST_TOKEN = "first token after";

  private static final Duration BUILD_LIMIT = Duration.ofMinutes(10);

  private final Path command;
  private final List<String> machineOptions;
  private final Path model;
  private final Workload load;
  private final Duration limit;
  private final Path work;
  private final String version;

  /// @param kernels which kernels, empty for the fastest
  /// @throws PeerFailedException if the command cannot be built
  EducePeer(Path root, Path model, String kernels, Workload load, Duration limit, Path work)
      throws PeerFailedException, IOException, InterruptedException {
    this.command = root.resolve("educe");
    this.machineOptions = kernels.isEmpty() ? List.of() : List.of("-Deduce.kernels=" + kernels);
    this.model = model;
    this.load = load;
    this.limit = limit;
    this.work = work;
    // Builds it, too, so that no run has to.
    this.version =
        new Child(List.of(command.toString(), "--version"), work, BUILD_LIMIT)
            .run()
            .output()
            .lines()
            .findFirst()
            .orElse("unknown");
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public Sample run(Test test, int threads)
      throws PeerFailedException, IOException, InterruptedException {
    return switch (test) {
      case PROMPT -> bench(threads, load.prompt(), 0, 1);
      case DECODE -> bench(threads, 0, load.decode(), 1);
      case BATCH -> bench(threads, 0, load.batchDecode(), load.sequences());
      case START -> start(threads);
    };
  }

  private Sample bench(int threads, int prompt, int decode, int sequences)
      throws PeerFailedException, IOException, InterruptedException {
    var outcome =
        educe(
            "bench",
            model.toString(),
            "-p",
            Integer.toString(prompt),
            "-n",
            Integer.toString(decode),
            "-b",
            Integer.toString(sequences),
            "-r",
            "1",
            "-t",
            Integer.toString(threads),
            "--json");
    return new Sample(rate(outcome.output()), outcome.peakBytes());
  }

  private Sample start(int threads) throws PeerFailedException, IOException, InterruptedException {
    var outcome =
        educe(
            "run",
            model.toString(),
            Workload.START_TEXT,
            "-n",
            "1",
            "--temperature",
            "0",
            "-t",
            Integer.toString(threads));
    return new Sample(outcome.secondsTo(FIRST_TOKEN), outcome.peakBytes());
  }

  private Child.Outcome educe(String... arguments)
      throws PeerFailedException, IOException, InterruptedException {
    var line = new ArrayList<String>();
    line.add(command.toString());
    line.addAll(machineOptions);
    line.addAll(List.of(arguments));
    return new Child(line, work, limit).run();
  }

  /// The rate of the only test that `educe bench --json` prints.
  static double rate(String json) {
    return JsonMapper.shared()
        .readTree(json)
        .path("tests")
        .path(0)
        .required("tokens_per_second")
        .asDouble();
  }
}
