package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.GgufWriter;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.format.UnsupportedModelException;
import dev.educe.optimize.ImportanceMatrix;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import dev.educe.testing.Leaks;
import dev.educe.testing.Models;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class QuantizerTest {
  private static final int[] TOKENS = {1, 5, 9, 20, 33, 48, 60, 71, 90, 120};

  @TempDir Path folder;

  private Path quantize(Path in, QuantizeOptions options) throws IOException {
    Path out = folder.resolve("out.gguf");
    try (var quantizer = Quantizer.open(in, options.withThreads(2))) {
      quantizer.write(quantizer.plan(_ -> {}), out, _ -> {});
    }
    return out;
  }

  private static byte[] bytes(Gguf file, TensorEntry tensor) throws IOException {
    var bytes = new byte[(int) tensor.bytes()];
    file.read(tensor, 0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q4_0", "F16"})
  void aPureFileHoldsTheTensorsThatLlamaCppWrites(Mix mix) throws IOException {
    Path original = TestData.file("golden", "formats-f32", "tiny-F32.gguf");
    Path golden = TestData.file("golden", "formats", "tiny-" + mix + ".gguf");
    Path out = quantize(original, QuantizeOptions.of(mix).withPure(true));
    try (var ours = Gguf.open(out);
        var theirs = Gguf.open(golden)) {
      assertEquals(theirs.tensors().size(), ours.tensors().size());
      for (TensorEntry expected : theirs.tensors()) {
        TensorEntry tensor = ours.tensor(expected.name()).orElseThrow();
        assertEquals(expected.type(), tensor.type(), expected.name());
        assertArrayEquals(bytes(theirs, expected), bytes(ours, tensor), expected.name());
      }
      for (String key : List.of("general.file_type", "general.quantization_version")) {
        assertEquals(theirs.metadata().integer(key), ours.metadata().integer(key), key);
      }
      assertTrue(ours.metadata().keys().containsAll(theirs.metadata().keys()));
    }
  }

  /// The better the format, the nearer the logits are to those of the original; all of them run.
  @ParameterizedTest
  @EnumSource(Mix.class)
  void whatIsWrittenRuns(Mix mix) throws Throwable {
    Path in =
        TinyCheckpoints.of("llama", DType.F32)
            .with("block_count", 1)
            .with("embedding_length", 256)
            .with("feed_forward_length", 256)
            .write(folder.resolve("in.gguf"));
    Leaks.assertNoLeaks(() -> {
      Path out = quantize(in, QuantizeOptions.of(mix));
      double cosine = cosine(logits(in), logits(out));
      double bits = Math.min(16, 8.0 * mix.base().blockBytes() / mix.base().blockSize());
      double allowed = bits >= 16 ? 1e-4 : 2 * Math.pow(4, 0.5 - bits) * 12;
      assertTrue(cosine >= 1 - allowed, mix + ": cosine " + cosine + ", allowed " + allowed);
    });
  }

  private static float[] logits(Path file) throws IOException {
    try (var model = Models.open(file, "scalar", 1, Models.F32_KV)) {
      float[][] rows = model.logits(TOKENS, 16);
      return rows[rows.length - 1];
    }
  }

  private static double cosine(float[] a, float[] b) {
    double product = 0;
    double squaresA = 0;
    double squaresB = 0;
    for (int i = 0; i < a.length; i++) {
      product += (double) a[i] * b[i];
      squaresA += (double) a[i] * a[i];
      squaresB += (double) b[i] * b[i];
    }
    return product / Math.sqrt(squaresA * squaresB);
  }

  @Test
  void tensorsMayHaveFormatsOfTheirOwn() throws IOException {
    Path in = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("in.gguf"));
    var options =
        QuantizeOptions.of(Mix.Q4_0)
            .withOverrides(
                List.of(
                    QuantizeOptions.Chosen.of("blk.1.*down=f16"),
                    QuantizeOptions.Chosen.of("ffn_down=q8_0")));
    try (var out = Gguf.open(quantize(in, options))) {
      assertEquals(DType.Q8_0, out.tensor("blk.0.ffn_down.weight").orElseThrow().type());
      assertEquals(DType.F16, out.tensor("blk.1.ffn_down.weight").orElseThrow().type());
      assertEquals(DType.Q4_0, out.tensor("blk.1.ffn_up.weight").orElseThrow().type());
    }
    for (String wrong : List.of("ffn_down", "=q4_0", "ffn=q9", "(=q8_0")) {
      assertThrows(IllegalArgumentException.class, () -> QuantizeOptions.Chosen.of(wrong));
    }
  }

  /// Each expert's rows are encoded with that expert's own importance.
  @Test
  void expertsHaveTheirOwnImportance() throws IOException {
    Path in = TinyCheckpoints.of("qwen3moe", DType.F32).write(folder.resolve("in.gguf"));
    var options = ReadingOptions.defaults().withContextTokens(24).withThreads(1);
    var sample = Sample.of("text", "hello world on the world ".repeat(8));
    var importance = ImportanceMatrix.measure(in, options, sample, (_, _, _) -> {});
    var weighted = QuantizeOptions.of(Mix.Q5_1).withImportance(importance);
    String name = "blk.0.ffn_down_exps.weight";
    try (var original = Gguf.open(in);
        var out =
            Gguf.open(quantize(in, QuantizeOptions.of(Mix.Q5_1).withImportance(importance)))) {
      TensorEntry before = original.tensor(name).orElseThrow();
      int columns = (int) before.shape().columns();
      int rows = (int) ColumnWeights.rowsOfPart(before);
      var weights = ColumnWeights.of(before, weighted).orElseThrow();
      byte[] written = bytes(out, out.tensor(name).orElseThrow());
      var floats = new float[rows * columns];
      for (int expert = 0; expert < ColumnWeights.parts(before); expert++) {
        new RowReader(original, before).read((long) expert * rows, rows, floats);
        var encoder = RowEncoder.of(DType.Q5_1, weights.ofPart(expert));
        var expected = new byte[rows * encoder.rowBytes()];
        encoder.encode(floats, rows, expected);
        int from = expert * expected.length;
        assertArrayEquals(expected, Arrays.copyOfRange(written, from, from + expected.length));
      }
      assertEquals(importance.chunks(), out.metadata().integer("quantize.imatrix.chunks_count"));
    }
  }

  private Path oneTensor(DType type, float value) throws IOException {
    Path path = folder.resolve("one.gguf");
    var bytes = ByteBuffer.allocate((int) (2 * type.rowBytes(256))).order(ByteOrder.LITTLE_ENDIAN);
    if (type == DType.F32) {
      bytes.putFloat(4 * 300, value);
    }
    GgufWriter.write(
        path,
        Map.of(),
        List.of(
            new GgufWriter.Tensor(
                "blk.0.ffn_up.weight", type, Shape.of(2, 256), channel -> channel.write(bytes))));
    return path;
  }

  @Test
  void whatCannotBeKeptIsRefusedAndNothingIsLeftBehind() throws Throwable {
    Leaks.assertNoLeaks(() -> {
      var options = QuantizeOptions.of(Mix.Q4_K_M);
      Path damaged = oneTensor(DType.F32, Float.NaN);
      var nan = assertThrows(ModelFormatException.class, () -> quantize(damaged, options));
      assertTrue(
          nan.getMessage().contains("blk.0.ffn_up.weight holds NaN in row 1"), nan.getMessage());
      Path large = oneTensor(DType.F32, 1e6f);
      var much = assertThrows(ModelFormatException.class, () -> quantize(large, options));
      assertTrue(much.getMessage().contains("--tensor"), much.getMessage());
      quantize(large, QuantizeOptions.of(Mix.BF16));
      Path unreadable = oneTensor(DType.IQ3_S, 0);
      var unknown =
          assertThrows(UnsupportedModelException.class, () -> quantize(unreadable, options));
      assertTrue(unknown.getMessage().contains("IQ3_S"), unknown.getMessage());
      Path in = oneTensor(DType.F32, 1);
      try (var quantizer = Quantizer.open(in, options)) {
        Plan plan = quantizer.plan(_ -> {});
        var same =
            assertThrows(IllegalArgumentException.class, () -> quantizer.write(plan, in, _ -> {}));
        assertTrue(same.getMessage().contains("another name"), same.getMessage());
        assertThrows(IOException.class, () -> quantizer.write(plan, folder, _ -> {}));
        Path nowhere = folder.resolve("none").resolve("out.gguf");
        assertThrows(IOException.class, () -> quantizer.write(plan, nowhere, _ -> {}));
        Thread.currentThread().interrupt();
        assertThrows(
            CancellationException.class,
            () -> quantizer.write(plan, folder.resolve("cancelled.gguf"), _ -> {}));
        assertTrue(Thread.interrupted());
      }
    });
    var left = new ArrayList<String>();
    try (var files = Files.list(folder)) {
      files.forEach(file -> left.add(file.getFileName().toString()));
    }
    left.removeAll(List.of("one.gguf", "out.gguf"));
    assertEquals(List.of(), left);
  }
}
