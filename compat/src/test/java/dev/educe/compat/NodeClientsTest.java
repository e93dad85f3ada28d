package dev.educe.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// OpenAI's, Anthropic's and Ollama's own clients for JavaScript, against `educe serve` in a
/// process of its own.
///
/// The tests themselves are in JavaScript; each is shown as one of this class.
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(180)
class NodeClientsTest {
  private static final Pattern SERVING = Pattern.compile("educe: serving .* at (http\\S+)\\R");

  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> theClientsDoWhatTheyDoElsewhere() throws Exception {
    assumeTrue(NodeTests.canRun(), "Node.js 20 and npm are not installed");
    var tests = NodeTests.install("js", "openai.test.mjs", "anthropic.test.mjs", "ollama.test.mjs");
    Path keys = folder.resolve("keys.json");
    String key = StoryServer.key(keys, 1);
    try (var keyed = new StoryServer("keys=" + keys);
        var hurried = new StoryServer("limits.request-seconds=1", "models.stories.kernels=scalar");
        var crowded = new StoryServer("models.stories.waiting=1", "models.stories.kernels=scalar");
        var served = new Served(folder.resolve("output"), folder.resolve("batches"))) {
      return tests.run(
          Map.of(
              "EDUCE_URL",
              served.url,
              "EDUCE_KEYED_URL",
              keyed.url(),
              "EDUCE_KEY",
              key,
              "EDUCE_HURRIED_URL",
              hurried.url(),
              "EDUCE_CROWDED_URL",
              crowded.url()));
    }
  }

  /// `educe serve` on a free port, until it is closed; it must end well.
  private static final class Served implements AutoCloseable {
    private final Process process;
    final String url;

    Served(Path output, Path batches) throws Exception {
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
      command.addAll(List.of("--port", "0", "--set", "batches=" + batches));
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
