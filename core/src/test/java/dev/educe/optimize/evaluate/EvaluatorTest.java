package dev.educe.optimize.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.KvType;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
  private static final Sample SAMPLE = Sample.of("text", "hello world on the world ".repeat(12));

  @TempDir Path folder;

  /// The value is llama.cpp's, of golden/perplexity.txt.
  @Test
  void thePerplexityIsThatOfLlamaCpp() throws IOException {
    Path file = TestData.file("models", "stories260K.gguf");
    String text = Files.readString(TestData.file("golden", "stories-sample.txt"));
    var options = ReadingOptions.defaults().withContextTokens(256).withKv(KvType.F32);
    try (var model = MeasuredModel.load(file, options)) {
      var chunks = Chunks.of(model.tokenizer(), Sample.of("sample", text), 256, 2);
      Evaluation found = Evaluator.evaluate(model, chunks, (_, _, _) -> {});
      assertEquals(65, chunks.count());
      assertEquals(2.8689, found.perplexity().value(), 2.8689 * 0.005);
      assertEquals(0.05695, found.perplexity().error(), 0.0006);
      assertEquals(Optional.empty(), found.divergence());
    }
  }

  @Test
  void aModelDoesNotDivergeFromItself() throws Throwable {
    Path file = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("a.gguf"));
    Leaks.assertNoLeaks(() -> {
      var found = compare(file, file);
      var divergence = found.get(1).divergence().orElseThrow();
      assertEquals(0, divergence.quantile(1));
      assertEquals(1, divergence.agreement());
      assertEquals(found.get(0).perplexity().value(), found.get(1).perplexity().value());
      assertEquals(found.get(1).perplexity().count(), divergence.count());
    });
  }

  @Test
  void fewerBitsDivergeMore() throws IOException {
    Path exact = TestData.file("golden", "formats-f32", "tiny-F32.gguf");
    double before = 0;
    for (String type : List.of("Q8_0", "Q6_K", "Q4_0", "Q2_K")) {
      var found = compare(exact, TestData.file("golden", "formats", "tiny-" + type + ".gguf"));
      var divergence = found.get(1).divergence().orElseThrow();
      assertTrue(divergence.mean() > before, type + ": " + divergence.mean());
      assertTrue(divergence.quantile(0.5) <= divergence.quantile(0.99), type);
      assertTrue(found.get(1).bitsPerWeight() < 9, type);
      before = divergence.mean();
    }
  }

  @Test
  void otherVocabulariesAreRefused() throws IOException {
    Path tiny = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("a.gguf"));
    Path stories = TestData.file("models", "stories260K.gguf");
    var refused = assertThrows(IllegalArgumentException.class, () -> compare(stories, tiny));
    assertTrue(refused.getMessage().contains("different vocabularies"), refused.getMessage());
  }

  private static List<Evaluation> compare(Path reference, Path model) throws IOException {
    var options = ReadingOptions.defaults().withThreads(1).withContextTokens(32);
    try (var a = MeasuredModel.load(reference, options);
        var b = MeasuredModel.load(model, options)) {
      return Evaluator.compare(a, b, Chunks.of(a.tokenizer(), SAMPLE, 32, 2), (_, _, _) -> {});
    }
  }
}
