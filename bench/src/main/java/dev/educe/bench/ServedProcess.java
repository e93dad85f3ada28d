package dev.educe.bench;

import dev.educe.cli.load.Endpoint;
import dev.educe.cli.load.LoadClient;
import dev.educe.cli.load.Target;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// `educe serve` in a process of its own, as a user starts it, with one model called `m`.
final class ServedProcess implements AutoCloseable {
  static final String MODEL = "m";
  private static final String READY = "educe: serving " + MODEL + " at ";
  private static final long ENDING_SECONDS = 40;

  private final Process process;
  private final URI base;

  /// Starts it, and returns when it serves.
  ///
  /// @param settings each `name=value`
  /// @throws PeerFailedException if it ends before
  ServedProcess(Path root, Path model, List<String> settings)
      throws IOException, PeerFailedException {
    var command = new ArrayList<String>();
    command.addAll(List.of(root.resolve("educe").toString(), "serve", MODEL + "=" + model));
    command.addAll(List.of("--port", "0"));
    settings.forEach(setting -> command.addAll(List.of("--set", setting)));
    var errors = File.createTempFile("educe-serve", ".log");
    errors.deleteOnExit();
    process = new ProcessBuilder(command).redirectError(errors).start();
    var out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String line = out.readLine();
    if (line == null || !line.startsWith(READY)) {
      process.destroyForcibly();
      throw new PeerFailedException("educe serve did not start; " + errors + " says why");
    }
    base = Target.base(line.substring(READY.length()));
  }

  URI base() {
    return base;
  }

  /// Exactly so many tokens at a temperature of 0, streamed.
  Target target(int tokens) {
    return target(base, tokens);
  }

  /// The same for another server.
  static Target target(URI base, int tokens) {
    return new Target(
        base,
        Endpoint.COMPLETIONS,
        MODEL,
        Optional.empty(),
        tokens,
        true,
        0,
        Duration.ofMinutes(5));
  }

  /// A figure without other labels than the model's.
  double gauge(String name) throws IOException {
    try (var client = new LoadClient(target(1))) {
      return client
          .get("/metrics")
          .lines()
          .filter(line -> line.startsWith(name + "{model=\"" + MODEL + "\"} "))
          .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
          .findFirst()
          .orElseThrow(() -> new IOException("the server has no figure " + name));
    }
  }

  /// Processor time the server has taken, in seconds.
  double seconds() {
    return seconds(process.toHandle());
  }

  /// The same of any process.
  static double seconds(ProcessHandle process) {
    return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos() / 1e9;
  }

  /// Of the server's, what the threads have taken that compute; Linux only.
  ///
  /// @throws IOException if the system does not tell
  double engineSeconds() throws IOException {
    return threadSeconds("educe-engine", "educe-worker");
  }

  /// Of the server's, what the virtual machine's compilers have taken; Linux only.
  ///
  /// @throws IOException if the system does not tell
  double compilerSeconds() throws IOException {
    return threadSeconds("C1 ", "C2 ");
  }

  private double threadSeconds(String... names) throws IOException {
    var tasks = Path.of("/proc", Long.toString(process.pid()), "task");
    return ProcessStatus.threadSeconds(tasks, List.of(names));
  }

  /// Resident memory of the server.
  long bytes() {
    return ProcessStatus.bytes(Path.of("/proc", Long.toString(process.pid()), "status"), "VmRSS");
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(ENDING_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
