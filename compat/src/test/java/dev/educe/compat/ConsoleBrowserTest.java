package dev.educe.compat;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/// The console in Chromium, as people use it.
///
/// The tests themselves are in JavaScript; each is shown as one of this class. They leave pictures
/// of the pages in `target/console`.
@Tag("browser")
@EnabledIfEnvironmentVariable(named = "EDUCE_TESTDATA", matches = ".+")
@Timeout(300)
class ConsoleBrowserTest {
  @TempDir private Path folder;

  @TestFactory
  Stream<DynamicTest> peopleDoWhatTheyCameFor() throws Exception {
    var chromium = chromium();
    assumeTrue(chromium.isPresent(), "Chromium is not installed");
    assumeTrue(NodeTests.canRun(), "Node.js 20 and npm are not installed");
    Path keys = folder.resolve("keys.json");
    String key = StoryServer.key(keys, 4);
    Path pictures = Files.createDirectories(Path.of("target/console")).toAbsolutePath();
    var tests = NodeTests.install("browser", "console.test.mjs");
    try (var served =
            new StoryServer(
                "models.tales.file=" + StoryServer.model(),
                "batches=" + folder.resolve("batches"));
        var keyed = new StoryServer("keys=" + keys)) {
      return tests.run(
          Map.of(
              "CONSOLE_URL", page(served),
              "CONSOLE_KEYED_URL", page(keyed),
              "CONSOLE_KEY", key,
              "CHROMIUM", chromium.get().toString(),
              "SCREENSHOTS", pictures.toString()));
    }
  }

  /// The first that is on the path.
  private static Optional<Path> chromium() {
    return Stream.of("chromium", "chromium-browser", "google-chrome")
        .flatMap(name -> NodeTests.command(name).stream())
        .findFirst();
  }

  private static String page(StoryServer server) {
    return server.url().replaceFirst("v1$", "");
  }
}
