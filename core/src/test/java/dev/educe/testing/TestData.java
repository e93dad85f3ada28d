package dev.educe.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;

/// Finds test data that is too large for the repository, below the folder `EDUCE_TESTDATA` names.
///
/// Where the variable is unset the test is skipped, and counted as such; where it is set, a missing
/// file is a failure.
public final class TestData {
  private TestData() {}

  /// The file or folder at this place: `TestData.file("models", "stories260K.gguf")`.
  public static Path file(String first, String... more) {
    String folder = System.getenv("EDUCE_TESTDATA");
    assumeTrue(folder != null && !folder.isBlank(), "EDUCE_TESTDATA is not set");
    Path file = Path.of(folder).resolve(Path.of(first, more));
    assertTrue(Files.exists(file), () -> "EDUCE_TESTDATA is set, but there is no " + file);
    return file;
  }
}
