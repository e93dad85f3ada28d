package dev.educe.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's, Anthropic's and Ollama's own clients for JavaScript, against `educe serve` in a process
/// of its own.
///
/// The tests themselves are in JavaScript; each is shown as one of this class. The clients come in
/// the versions that `package-lock.json` names, and are kept below `target`.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(180)
class NodeClientsTest {
  private static final int NODE_MIN = 20; // what the client asks for
  private static final List<String> TESTS =
      List.of("openai.test.mjs", "anthropic.test.mjs", "ollama.test.mjs");
  private static final Path SOURCES = Path.of("src/test/js");
  private static final Path INSTALLED = Path.of("target/js");
  private static final Pattern SERVING = Pattern.compile("educe: serving .* at (http\\S+)\\R");
  private static final Pattern RESULT = Pattern.compile("(not ok|ok) \\d+ - (.*)");

  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> theClientsDoWhatTheyDoElsewhere() throws Exception {
    assumeTrue(isThere("npm") && nodeVersion() >= NODE_MIN, "Node.js 20 and npm are not installed");
    install();
    Path keys = folder.resolve("keys.json");
    String key = StoryServer.key(keys, 1);
    String output;
    try (var keyed = new StoryServer("keys=" + keys);
        var served = new Served(folder.resolve("output"))) {
      var command =
          new ArrayList<>(
              List.of("node", "--test", "--test-concurrency=1", "--test-reporter=tap"));
      command.addAll(TESTS);
      var node = new ProcessBuilder(command);
      node.environment().put("EDUCE_URL", served.url);
      node.environment().put("EDUCE_KEYED_URL", keyed.url());
      node.environment().put("EDUCE_KEY", key);
      output = run(node.directory(INSTALLED.toFile()));
    }
    var results = RESULT.matcher(output).results().toList();
    assertFalse(results.isEmpty(), output);
    return results.stream()
        .map(result ->
            DynamicTest.dynamicTest(
                result.group(2), () -> assertEquals("ok", result.group(1), output)));
  }

  private static boolean isThere(String command) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
  }

  /// The major version of Node.js; 0 if it is not there.
  private static int nodeVersion() throws IOException, InterruptedException {
    if (!isThere("node")) {
      return 0;
    }
    String version = run(new ProcessBuilder("node", "--version")).strip(); // v20.20.2
    return Integer.parseInt(version.substring(1, version.indexOf('.')));
  }

  /// Installs the clients, unless those of this lock are there already.
  private static void install() throws Exception {
    Files.createDirectories(INSTALLED);
    Path lock = INSTALLED.resolve("package-lock.json");
    boolean isInstalled =
        Files.exists(INSTALLED.resolve("installed"))
            && Files.mismatch(SOURCES.resolve("package-lock.json"), lock) < 0;
    var files = new ArrayList<>(List.of("package.json", "package-lock.json"));
    files.addAll(TESTS);
    for (String file : files) {
      Files.write(INSTALLED.resolve(file), Files.readAllBytes(SOURCES.resolve(file)));
    }
    if (!isInstalled) {
      Files.deleteIfExists(INSTALLED.resolve("installed"));
      var npm = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
      String output = run(npm.directory(INSTALLED.toFile()));
      assertTrue(Files.exists(INSTALLED.resolve("node_modules/openai/package.json")), output);
      Files.createFile(INSTALLED.resolve("installed"));
    }
  }

  private static String run(ProcessBuilder command) throws IOException, InterruptedException {
    var process = command.redirectErrorStream(true).start();
    try {
      process.getOutputStream().close();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.destroyForcibly().waitFor();
    }
  }

  /// `educe serve` on a free port, until it is closed; it must end well.
  private static final class Served implements AutoCloseable {
    private final Process process;
    final String url;

    Served(Path output) throws Exception {
      var command = new ArrayList<String>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("--add-modules=jdk.incubator.vector");
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("-cp");
      command.add(System.getProperty("java.class.path"));
      command.addAll(List.of("dev.educe.cli.Main", "serve", "stories=" + StoryServer.model()));
      for (String setting : List.of("sequences=16", "chat-template=chatml")) {
        command.addAll(List.of("--set", "models.stories." + setting));
      }
      command.addAll(List.of("--port", "0"));
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
      url = url(output);
    }

    private String url(Path output) throws Exception {
      while (true) {
        boolean isAlive = process.isAlive();
        String text = Files.readString(output);
        var matcher = SERVING.matcher(text);
        if (matcher.find()) {
          return matcher.group(1);
        }
        assertTrue(isAlive, text);
        Thread.sleep(20);
      }
    }

    @Override
    public void close() {
      process.destroy();
      process.onExit().completeOnTimeout(process, 20, TimeUnit.SECONDS).join();
      boolean hasEnded = !process.isAlive();
      process.destroyForcibly();
      assertTrue(hasEnded, "educe serve does not end");
      assertEquals(0, process.exitValue());
    }
  }
}
