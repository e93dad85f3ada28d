package dev.educe.optimize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.ModelFormatException;
import dev.educe.model.WeightSpec;
import dev.educe.model.WeightSpec.Kind;
import dev.educe.model.arch.Architectures;
import dev.educe.optimize.ImportanceMatrix.Entry;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.TinyCheckpoints;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportanceMatrixTest {
  private static final int CHUNK = 24;
  private static final Sample SAMPLE = Sample.of("text", "hello world on the world ".repeat(8));

  @TempDir Path folder;

  @Test
  void everyMatrixIsSeenWithItsColumns() throws Throwable {
    Leaks.assertNoLeaks(() -> {
      for (var made :
          List.of(
              TinyCheckpoints.of("llama", DType.F32),
              TinyCheckpoints.of("llama", DType.Q8_0).tied(),
              TinyCheckpoints.of("qwen3moe", DType.F32))) {
        Path file = made.write(folder.resolve("model.gguf"));
        ImportanceMatrix matrix = measure(file, SAMPLE);
        var weights = Architectures.describe(made.metadata()).weights();
        for (WeightSpec weight : weights) {
          boolean isMultiplied =
              weight.kind() != Kind.VECTOR && !weight.name().startsWith("token_embd");
          if (isMultiplied && matrix.of(weight.name()).isEmpty()) {
            // The output of a tied model is its embedding.
            assertEquals("output.weight", weight.name());
            assertEquals(64, matrix.of("token_embd.weight").orElseThrow().length);
          } else if (isMultiplied) {
            var dimensions = weight.shape().dimensions();
            long experts = weight.kind() == Kind.EXPERTS ? dimensions.getFirst() : 1;
            assertEquals(
                experts * dimensions.getLast(), matrix.of(weight.name()).orElseThrow().length);
          }
        }
      }
    });
  }

  /// What the first layer's attention gets is the normalized embedding, which is computed here from
  /// the file.
  @Test
  void aMeanIsThatOfTheSquares() throws IOException {
    var made = TinyCheckpoints.of("llama", DType.F32);
    Path file = made.write(folder.resolve("model.gguf"));
    var chunks = Chunks.of(Tokenizer.of(made.metadata()), SAMPLE, CHUNK, 1);
    var expected = new double[64];
    try (var gguf = Gguf.open(file)) {
      float[] norm = floats(gguf, "blk.0.attn_norm.weight");
      float[] embedding = floats(gguf, "token_embd.weight");
      for (int chunk = 0; chunk < chunks.count(); chunk++) {
        for (int token : chunks.input(chunk)) {
          float[] row = Arrays.copyOfRange(embedding, token * 64, token * 64 + 64);
          double sum = 0;
          for (float value : row) {
            sum += (double) value * value;
          }
          double scale = 1 / Math.sqrt(sum / 64 + 1e-5);
          for (int i = 0; i < 64; i++) {
            expected[i] += Math.pow(row[i] * scale * norm[i], 2);
          }
        }
      }
    }
    ImportanceMatrix matrix = measure(file, SAMPLE);
    for (String weight : List.of("blk.0.attn_q.weight", "blk.0.attn_v.weight")) {
      float[] means = matrix.of(weight).orElseThrow();
      for (int i = 0; i < 64; i++) {
        assertEquals(expected[i] / (chunks.count() * CHUNK), means[i], 1e-4 * means[i]);
      }
    }
    assertEquals(chunks.count(), matrix.chunks());
    assertTrue(matrix.of("blk.0.ffn_norm.weight").isEmpty());
  }

  private static float[] floats(Gguf file, String name) throws IOException {
    var entry = file.tensor(name).orElseThrow();
    var values = new float[(int) entry.shape().elements()];
    file.read(entry, 0, MemorySegment.ofArray(values));
    return values;
  }

  @Test
  void eachTokenGoesThroughItsExperts() throws IOException {
    Path file = TinyCheckpoints.of("qwen3moe", DType.F32).write(folder.resolve("model.gguf"));
    ImportanceMatrix matrix = measure(file, SAMPLE);
    long tokens = (long) matrix.chunks() * CHUNK;
    for (int layer = 0; layer < 2; layer++) {
      for (String part : List.of("gate", "up", "down")) {
        var entry = matrix.entries().get("blk." + layer + ".ffn_" + part + "_exps.weight");
        assertEquals(2 * tokens, Arrays.stream(entry.counts()).sum());
      }
    }
  }

  @Test
  void aTextMayBeMeasuredInParts() throws IOException {
    Path file = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("model.gguf"));
    ImportanceMatrix whole = measure(file, SAMPLE);
    ImportanceMatrix start = measure(file, SAMPLE.withChunksMax(2));
    ImportanceMatrix rest = measure(file, SAMPLE.withFirstChunk(2));
    ImportanceMatrix sum = start.plus(rest);
    assertEquals(whole.chunks(), sum.chunks());
    assertEquals(whole.datasets(), sum.datasets());
    assertTrue(start.chunks() == 2 && rest.chunks() > 0);
    for (String tensor : whole.tensors()) {
      float[] expected = whole.of(tensor).orElseThrow();
      float[] found = sum.of(tensor).orElseThrow();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], found[i], 1e-6 * expected[i]);
      }
    }
    var other = matrix(Map.of("blk.0.attn_q.weight", new Entry(new double[7], new long[] {1})));
    assertThrows(IllegalArgumentException.class, () -> whole.plus(other));
  }

  @Test
  void anExpertThatNothingCameToHasTheMeanOfTheOthers() {
    var entry = new Entry(new double[] {2, 4, 0, 0, 10, 20}, new long[] {2, 0, 1});
    assertArrayEquals(
        new float[] {1, 2, 4, 8, 10, 20}, matrix(Map.of("x", entry)).of("x").orElseThrow());
  }

  @Test
  void aFileIsReadAsItWasWritten() throws IOException {
    var entry = new Entry(new double[] {1, 2, 3, 4, 5, 6}, new long[] {3, 0});
    var matrix =
        new ImportanceMatrix(Map.of("a", entry, "b", entry), List.of("one", "two"), 5, 256);
    Path file = folder.resolve("imatrix.gguf");
    matrix.write(file);
    ImportanceMatrix read = ImportanceMatrix.read(file);
    assertEquals(List.of("one", "two"), read.datasets());
    assertEquals(5, read.chunks());
    assertEquals(256, read.chunkTokens());
    assertEquals(matrix.tensors(), read.tensors());
    assertArrayEquals(matrix.of("a").orElseThrow(), read.of("a").orElseThrow());
    try (var gguf = Gguf.open(file)) {
      assertEquals("imatrix", gguf.metadata().string("general.type"));
      assertEquals("[2, 3]", gguf.tensor("a.in_sum2").orElseThrow().shape().toString());
      assertEquals("[2, 1]", gguf.tensor("a.counts").orElseThrow().shape().toString());
    }
  }

  @Test
  void theOlderFormatIsReadAndNothingElse() throws IOException {
    byte[] old = older();
    Path file = folder.resolve("imatrix.dat");
    Files.write(file, old);
    ImportanceMatrix read = ImportanceMatrix.read(file);
    assertArrayEquals(new float[] {1, 2, 3}, read.of("blk.0.attn_q.weight").orElseThrow());
    assertEquals(7, read.chunks());
    assertEquals(List.of("a.txt"), read.datasets());
    int entries = old.length - 2 * Integer.BYTES - "a.txt".length();
    for (int bytes = 0; bytes < old.length; bytes++) {
      Files.write(file, Arrays.copyOf(old, bytes));
      // The end came later to the format and may be missing.
      if (bytes < entries || bytes >= entries + 2 * Integer.BYTES) {
        assertThrows(ModelFormatException.class, () -> ImportanceMatrix.read(file));
      } else {
        assertEquals(1, ImportanceMatrix.read(file).tensors().size());
      }
    }
    for (byte[] foreign : Stream.of("hello, this is text", "[1, 2, 3]").map(this::bytes).toList()) {
      Files.write(file, foreign);
      assertThrows(ModelFormatException.class, () -> ImportanceMatrix.read(file));
    }
    Path model = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("model.gguf"));
    assertThrows(ModelFormatException.class, () -> ImportanceMatrix.read(model));
  }

  private byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /// One entry of three values over 4 calls; 7 chunks; a text's name.
  private byte[] older() {
    var buffer = ByteBuffer.allocate(256).order(ByteOrder.LITTLE_ENDIAN);
    byte[] name = bytes("blk.0.attn_q.weight");
    buffer.putInt(1).putInt(name.length).put(name).putInt(4).putInt(3);
    buffer.putFloat(4).putFloat(8).putFloat(12);
    buffer.putInt(7).putInt(5).put(bytes("a.txt"));
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private static ImportanceMatrix matrix(Map<String, Entry> entries) {
    return new ImportanceMatrix(entries, List.of(), 1, CHUNK);
  }

  private static ImportanceMatrix measure(Path file, Sample sample) throws IOException {
    var options = ReadingOptions.defaults().withThreads(1).withContextTokens(CHUNK);
    return ImportanceMatrix.measure(file, options, sample, (_, _, _) -> {});
  }
}
