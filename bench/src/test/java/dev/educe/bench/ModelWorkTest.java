package dev.educe.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelWorkTest {
  /// Five layers of hidden size 64, 8 heads and 4 KV heads of 8, 172 in between; 512 tokens, tied.
  @Test
  void aTokensWorkIsThatOfTheMatricesItPasses() throws Exception {
    String folder = System.getenv("EDUCE_TESTDATA");
    assumeTrue(folder != null && !folder.isBlank(), "EDUCE_TESTDATA is not set");
    var work = ModelWork.of(Path.of(folder, "models", "stories260K.gguf"));

    long attention = 2 * 64 * 64 + 2 * 32 * 64;
    assertEquals(5 * (attention + 3 * 172 * 64), work.promptMultiplies());
    // Panels of 16 rows make 176 of 172.
    long read = 5 * (attention + 2 * 176 * 64 + 64 * 172) + 512 * 64;
    assertEquals(4 * read, work.panelBytes());
    assertEquals(5 * 2 * 32, work.kvElements());
    // Tokens 1, 2 and 3 see as many positions: two on average, of two bytes an element.
    assertEquals(4 * read + 2 * 2 * 5 * 2 * 32, work.decodeBytes(3));
  }
}
