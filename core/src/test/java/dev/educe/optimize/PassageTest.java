package dev.educe.optimize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.educe.testing.Seeded;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class PassageTest {
  private static final int TOKENS = 700; // more than a batch

  @Test
  void batchesGiveTheLogitsOfSingleTokens(Random random) throws IOException {
    var options = ReadingOptions.defaults().withThreads(1).withContextTokens(TOKENS);
    int[] tokens = random.ints(TOKENS, 3, 512).toArray();
    try (var model = MeasuredModel.load(TestData.file("models", "stories260K.gguf"), options)) {
      var single = new float[TOKENS][model.vocabularySize()];
      try (var passage = model.readSingly(tokens)) {
        for (int token = 0; passage.next(); token++) {
          assertEquals(token, passage.firstRow());
          passage.copyLogits(0, single[token]);
        }
      }
      int from = 1 + random.nextInt(TOKENS - 1);
      var row = new float[model.vocabularySize()];
      int next = from;
      try (var passage = model.read(tokens, from)) {
        while (passage.next()) {
          for (int i = 0; i < passage.rows(); i++) {
            assertEquals(next, passage.firstRow() + i);
            passage.copyLogits(i, row);
            assertArrayEquals(single[next++], row);
          }
        }
        assertFalse(passage.next());
      }
      assertEquals(TOKENS, next);
    }
  }

  @Test
  void aTextTooLongIsRefusedAndSoIsASecondOneBeside() throws IOException {
    var options = ReadingOptions.defaults().withThreads(1).withContextTokens(64);
    try (var model = MeasuredModel.load(TestData.file("models", "stories260K.gguf"), options)) {
      assertThrows(IllegalArgumentException.class, () -> model.read(new int[65], 0));
      try (var _ = model.readStates(new int[64])) {
        assertThrows(IllegalStateException.class, () -> model.readStates(new int[64]));
      }
      model.readStates(new int[64]).close();
    }
  }
}
