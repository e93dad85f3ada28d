package dev.educe.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/// llama.cpp as it is shipped to users of npm: prebuilt libraries, called by [LlamaCppDriver].
///
/// The version is fixed, since the layouts of its structures are known for that one.
final class LlamaCppPeer implements Peer {
  private static final String PACKAGE = "@node-llama-cpp/linux-x64";
  private static final String VERSION = "3.22.1";
  private static final String VERSIONS = PACKAGE + " " + VERSION + ", library %s";
  private static final Duration INSTALL_LIMIT = Duration.ofMinutes(5);

  private final Path libraries;
  private final Path model;
  private final Workload load;
  private final Duration limit;
  private final Path work;
  private String version; // what the library says follows its first run

  private LlamaCppPeer(Path libraries, Path model, Workload load, Duration limit, Path work) {
    this.libraries = libraries;
    this.model = model;
    this.load = load;
    this.limit = limit;
    this.work = work;
    this.version = VERSIONS.formatted("unknown");
  }

  /// Installs the package if it is not there yet; nothing of it is run by npm.
  ///
  /// @param folder where npm puts it
  /// @throws PeerFailedException if this is another platform or npm cannot install it
  static Peer install(Path folder, Path model, Workload load, Duration limit, Path work)
      throws PeerFailedException, IOException, InterruptedException {
    String platform = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!platform.equals("Linux amd64")) {
      throw new PeerFailedException("the package is for Linux on x86-64, this is " + platform);
    }
    var home = folder.resolve("node_modules").resolve(PACKAGE);
    if (!installedVersion(home).equals(Optional.of(VERSION))) {
      npm(folder);
    }
    if (!installedVersion(home).equals(Optional.of(VERSION))) {
      throw new PeerFailedException("npm did not install " + VERSION);
    }
    var libraries = home.resolve("bins/linux-x64");
    return new LlamaCppPeer(libraries, model, load, limit, work);
  }

  private static Optional<String> installedVersion(Path home) throws IOException {
    var description = home.resolve("package.json");
    return Files.exists(description)
        ? Optional.of(
            JsonMapper.shared()
                .readTree(Files.readString(description))
                .path("version")
                .asString(""))
        : Optional.empty();
  }

  private static void npm(Path folder)
      throws PeerFailedException, IOException, InterruptedException {
    System.err.println("installing " + PACKAGE + " " + VERSION + " with npm");
    var command =
        List.of(
            "npm",
            "install",
            "--prefix",
            folder.toString(),
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            PACKAGE + "@" + VERSION);
    try {
      new Child(command, folder, INSTALL_LIMIT).run();
    } catch (PeerFailedException e) {
      throw new PeerFailedException("npm could not install it: " + e.getMessage());
    } catch (IOException e) {
      throw new PeerFailedException("npm, which would install it, does not start");
    }
  }

  @Override
  public String name() {
    return "llama.cpp";
  }

  @Override
  public String version() {
    return version;
  }

  @Override
  public Sample run(Test test, int threads)
      throws PeerFailedException, IOException, InterruptedException {
    int sequences = test == Test.BATCH ? load.sequences() : 1;
    int tokens =
        switch (test) {
          case PROMPT -> load.prompt();
          case DECODE -> load.decode();
          case BATCH -> load.batchDecode();
          case START -> 1;
        };
    var outcome = new Child(command(test, threads, sequences, tokens), work, limit).run();
    version = VERSIONS.formatted(LlamaCppDriver.text(outcome.output(), LlamaCppDriver.VERSION));
    long own = (long) LlamaCppDriver.figure(outcome.output(), LlamaCppDriver.OWN_BYTES);
    return new Sample(
        LlamaCppDriver.figure(outcome.output(), LlamaCppDriver.VALUE),
        Math.max(0, outcome.peakBytes() - own));
  }

  /// A small JVM that stays out of the way of what it calls.
  private List<String> command(Test test, int threads, int sequences, int tokens) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-Xmx64m",
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        LlamaCppDriver.class.getName(),
        libraries.toString(),
        model.toString(),
        test.name(),
        Integer.toString(threads),
        Integer.toString(sequences),
        Integer.toString(tokens));
  }
}
