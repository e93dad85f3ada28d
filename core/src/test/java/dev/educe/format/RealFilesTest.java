package dev.educe.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.Allocations;
import dev.educe.testing.Leaks;
import dev.educe.testing.TestData;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that other programs wrote.
class RealFilesTest {
  @TempDir Path folder;

  /// The strictest comparison there is: a file read and written again is the same to the byte.
  @ParameterizedTest
  @ValueSource(strings = {"models", "vocab", "golden/arch", "golden/formats", "golden/formats-f32"})
  void everyFileIsReadAndWrittenAgainTheSame(String place) throws Throwable {
    List<Path> files;
    try (var entries = Files.list(TestData.file(place))) {
      files = entries.filter(file -> file.toString().endsWith(".gguf")).sorted().toList();
    }
    assertFalse(files.isEmpty(), "no models in " + place);
    for (Path file : files) {
      Leaks.assertNoLeaks(() -> assertSameAfterCopying(file));
    }
  }

  private void assertSameAfterCopying(Path original) throws IOException {
    Path copy = folder.resolve("copy.gguf");
    try (var file = Gguf.open(original)) {
      var metadata = new LinkedHashMap<String, MetadataValue>();
      file.metadata().keys().forEach(key -> metadata.put(key, file.metadata().find(key).get()));
      var tensors = file.tensors().stream().map(entry -> copyOf(file, entry)).toList();
      assertTrue(file.metadata().findString("general.architecture").isPresent());
      GgufWriter.write(copy, metadata, tensors);
      byte[] bytes = Files.readAllBytes(original);
      // A file without tensors may end with its last value; the writer pads it all the same.
      byte[] expected = Arrays.copyOf(bytes, (int) GgufRules.align(bytes.length, 32));
      expected[4] = 3; // the writer writes this version
      assertArrayEquals(expected, Files.readAllBytes(copy), original.toString());
    }
  }

  private static GgufWriter.Tensor copyOf(Gguf file, TensorEntry entry) {
    return new GgufWriter.Tensor(
        entry.name(),
        entry.type(),
        entry.shape(),
        target -> {
          var bytes = new byte[(int) entry.bytes()];
          file.read(entry, 0, MemorySegment.ofArray(bytes));
          target.write(ByteBuffer.wrap(bytes));
        });
  }

  @Test
  void theStoryTellerIsWhatItIsKnownToBe() throws IOException {
    try (var file = Gguf.open(TestData.file("models", "stories260K.gguf"))) {
      assertEquals("llama", file.metadata().string("general.architecture"));
      assertEquals(512, file.metadata().findStrings("tokenizer.ggml.tokens").get().size());
      var embedding = file.tensor("token_embd.weight").get();
      assertEquals(DType.F32, embedding.type());
      assertEquals(Shape.of(512, 64), embedding.shape());
      assertEquals(512 * 64 * 4, embedding.bytes());
    }
  }

  /// Work and memory follow the bytes that are there.
  @Test
  void aLargeVocabularyCostsAFewTimesItsBytes() throws Throwable {
    Path path = TestData.file("vocab", "ggml-vocab-deepseek-llm.gguf");
    long allocated = Allocations.of(() -> Gguf.open(path).close());
    assertTrue(allocated < 8 * Files.size(path), allocated + " for " + Files.size(path));
  }
}
