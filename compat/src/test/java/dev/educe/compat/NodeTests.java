package dev.educe.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/// Tests in JavaScript, each of which is shown as one in Java.
///
/// What they need comes in the versions that their `package-lock.json` names, and is kept below
/// `target`.
final class NodeTests {
  private static final int NODE_MIN = 20; // what the packages ask for
  private static final Pattern RESULT = Pattern.compile("(not ok|ok) \\d+ - (.*)");

  private final Path installed;
  private final List<String> files;

  private NodeTests(Path installed, List<String> files) {
    this.installed = installed;
    this.files = files;
  }

  /// Installs what tests need, unless that of this lock is there already.
  ///
  /// @param folder below `src/test`, with the packages
  /// @param files the tests
  static NodeTests install(String folder, String... files)
      throws IOException, InterruptedException {
    Path sources = Path.of("src/test", folder);
    Path installed = Files.createDirectories(Path.of("target", folder));
    Path lock = installed.resolve("package-lock.json");
    Path done = installed.resolve("installed");
    boolean isInstalled =
        Files.exists(done) && Files.mismatch(sources.resolve("package-lock.json"), lock) < 0;
    var names = new ArrayList<>(List.of("package.json", "package-lock.json"));
    names.addAll(List.of(files));
    for (String name : names) {
      Files.write(installed.resolve(name), Files.readAllBytes(sources.resolve(name)));
    }
    if (!isInstalled) {
      Files.deleteIfExists(done);
      var npm = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
      String output = output(npm.directory(installed.toFile()));
      assertTrue(Files.exists(installed.resolve("node_modules")), output);
      Files.createFile(done);
    }
    return new NodeTests(installed, List.of(files));
  }

  /// Runs the tests to their end.
  Stream<DynamicTest> run(Map<String, String> environment)
      throws IOException, InterruptedException {
    var command =
        new ArrayList<>(List.of("node", "--test", "--test-concurrency=1", "--test-reporter=tap"));
    command.addAll(files);
    var node = new ProcessBuilder(command);
    node.environment().putAll(environment);
    String output = output(node.directory(installed.toFile()));
    var results = RESULT.matcher(output).results().toList();
    assertFalse(results.isEmpty(), output);
    return results.stream()
        .map(result ->
            DynamicTest.dynamicTest(
                result.group(2), () -> assertEquals("ok", result.group(1), output)));
  }

  /// Whether Node.js and npm are here, and new enough.
  static boolean canRun() throws IOException, InterruptedException {
    if (command("npm").isEmpty() || command("node").isEmpty()) {
      return false;
    }
    String version = output(new ProcessBuilder("node", "--version")).strip(); // v20.20.2
    return Integer.parseInt(version.substring(1, version.indexOf('.'))) >= NODE_MIN;
  }

  /// Where the path has a command.
  static Optional<Path> command(String name) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static String output(ProcessBuilder command) throws IOException, InterruptedException {
    var process = command.redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }
}
