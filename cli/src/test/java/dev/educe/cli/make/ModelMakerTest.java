package dev.educe.cli.make;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.MetadataValue;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelMakerTest {
  @TempDir private Path folder;

  @Test
  void theSameNameAndSeedGiveTheSameFile() throws IOException {
    byte[] first = made("llama-tiny-q6_k", 1);
    assertArrayEquals(first, made("LLAMA-TINY-Q6_K", 1));
    assertEquals(first.length, made("llama-tiny-q6_k", 2).length);
  }

  @Test
  void shapesHaveTheParametersOfTheirName() {
    // 2 · 32,000 · 2048 + 16 · (2048 · (2048 + 2 · 512 + 2048) + 3 · 2048 · 8192 + 2 · 2048) + 2048
    assertEquals(1_104_218_112L, parameters(ModelShape.SMALL));
    assertEquals(3_015_355_392L, parameters(ModelShape.MEDIUM));
    // Every expert is counted, two of eight work.
    assertEquals(701_096_960L, parameters(ModelShape.EXPERTS));
  }

  @Test
  void everyFormatOfEveryShapeHasWholeBlocks() {
    for (var shape : ModelShape.values()) {
      for (var type : RandomWeights.TYPES) {
        for (var weight : shape.weights(type)) {
          long bytes = weight.shape().rows() * weight.type().rowBytes(weight.shape().columns());
          assertEquals(0, bytes % 16, weight::toString);
        }
      }
    }
  }

  @Test
  void piecesAreUniqueAndEachIsMadeOfTwoOthers() {
    var metadata = new LinkedHashMap<String, MetadataValue>();
    SyntheticVocabulary.addTo(metadata, 32_000);
    var pieces = metadata.get("tokenizer.ggml.tokens").asStrings().orElseThrow();
    var known = new HashSet<>(pieces);
    assertEquals(32_000, known.size());
    for (String piece : pieces.subList(3 + 256, pieces.size())) {
      boolean isMade =
          piece.length() == 1
              || known.contains(piece.substring(0, piece.length() - 1))
                  && known.contains(piece.substring(piece.length() - 1));
      assertTrue(isMade, piece);
    }
  }

  @Test
  void namesThatAreNoneAreAnsweredByWhatThereIs() {
    refused("q4_0", "'q4_0' must be a shape, a dash and a format: llama-1b-q4_0");
    refused("llama-1b-q9_9", "there is no format 'q9_9'; there are f32, f16, ");
  }

  @Test
  void anInterruptLeavesNothingBehind() throws IOException {
    var file = folder.resolve("model.gguf");
    Thread.currentThread().interrupt();
    assertThrows(
        ClosedByInterruptException.class,
        () -> ModelMaker.of("llama-tiny-q4_0", 0).write(file, _ -> {}));
    assertTrue(Thread.interrupted());
    try (var files = Files.list(folder)) {
      assertEquals(0, files.count());
    }
  }

  private static void refused(String name, String beginning) {
    var failure = assertThrows(IllegalArgumentException.class, () -> ModelMaker.of(name, 0));
    assertTrue(failure.getMessage().startsWith(beginning), failure.getMessage());
  }

  private static long parameters(ModelShape shape) {
    return shape.weights(DType.Q4_0).stream().mapToLong(weight -> weight.shape().elements()).sum();
  }

  private byte[] made(String name, long seed) throws IOException {
    var file = Files.createTempFile(folder, "made", ".gguf");
    ModelMaker.of(name, seed).write(file, _ -> {});
    try (var gguf = Gguf.open(file)) {
      assertEquals(21, gguf.tensors().size());
    }
    return Files.readAllBytes(file);
  }
}
