package dev.educe.bench;

import dev.educe.platform.Machine;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Where and with what something was measured.
///
/// @param load how many threads wanted to run, on average over the last minute
/// @param commit of this checkout; ends with `+` where files were changed since
record MachineDescription(
    String processor,
    int cores,
    long memoryBytes,
    String system,
    String java,
    double load,
    String commit) {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final Duration LIMIT = Duration.ofSeconds(10);

  static MachineDescription read(Path root) throws IOException, InterruptedException {
    return new MachineDescription(
        processorName(),
        Machine.physicalCores(),
        Machine.memoryBytes(),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.vendor.version") + " " + Runtime.version(),
        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
        commitOf(root));
  }

  private static String processorName() throws IOException {
    if (!Files.isReadable(PROCESSORS)) {
      return System.getProperty("os.arch");
    }
    try (var lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    }
  }

  private static String commitOf(Path root) throws IOException, InterruptedException {
    try {
      var head = git(root, "rev-parse", "--short", "HEAD").strip();
      // Results are written by this very command and say nothing about the code.
      var changes = git(root, "status", "--porcelain", "--", ":!bench/results");
      return changes.isBlank() ? head : head + "+";
    } catch (PeerFailedException e) {
      return "unknown";
    }
  }

  private static String git(Path root, String... arguments)
      throws PeerFailedException, IOException, InterruptedException {
    var line = new ArrayList<>(List.of("git"));
    line.addAll(List.of(arguments));
    return new Child(line, root, LIMIT).run().output();
  }

  /// One line.
  String line() {
    return "%s, %d cores, %d GB; %s; Java %s; load %.1f; commit %s"
        .formatted(processor, cores, Math.round(memoryBytes / 1e9), system, java, load, commit);
  }

  Map<String, Object> json() {
    var object = new LinkedHashMap<String, Object>();
    object.put("processor", processor);
    object.put("cores", cores);
    object.put("memory_bytes", memoryBytes);
    object.put("system", system);
    object.put("java", java);
    object.put("load_average", load);
    object.put("commit", commit);
    return object;
  }
}
