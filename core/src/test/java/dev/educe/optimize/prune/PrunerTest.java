package dev.educe.optimize.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.format.Gguf;
import dev.educe.format.UnsupportedModelException;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.quantize.RowReader;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.TestData;
import dev.educe.testing.TinyCheckpoints;
import dev.educe.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrunerTest {
  private static final Sample SAMPLE = Sample.of("text", "hello world on the world ".repeat(8));

  @TempDir Path folder;

  @Test
  void layersThatDoNothingGoFirst() throws Throwable {
    // A layer whose outputs are zero changes nothing: the one that is made so here must go.
    var made = TinyCheckpoints.of("llama", DType.F32).with("block_count", 4);
    Path file = ZeroedTensors.write(made, folder.resolve("a.gguf"), "blk.2.");
    Leaks.assertNoLeaks(() -> {
      Pruned pruned = prune(file, PruneOptions.none().withLayers(Amount.parse("1")));
      assertEquals(List.of(2), pruned.droppedLayers());
      assertEquals(pruned.before().perplexity().value(), pruned.after().perplexity().value(), 1e-9);
      try (var gguf = Gguf.open(folder.resolve("out.gguf"))) {
        assertEquals(3, gguf.metadata().integer("llama.block_count"));
        assertTrue(gguf.tensor("blk.2.attn_q.weight").isPresent());
        assertTrue(gguf.tensor("blk.3.attn_q.weight").isEmpty());
      }
    });
  }

  @Test
  void unitsOfNoWorthGoFirst() throws IOException {
    for (String architecture : List.of("llama", "qwen3moe")) {
      var made = TinyCheckpoints.of(architecture, DType.F32).with("expert_feed_forward_length", 96);
      // Columns 8 to 23 of every down matrix are zero, so exactly those units add nothing.
      Path file = ZeroedTensors.writeColumns(made, folder.resolve("a.gguf"), ".ffn_down", 8, 24);
      Pruned pruned = pruneUnits(file, 32);
      int width = pruned.unitsBefore();
      assertEquals(width - 32, pruned.unitsAfter());
      try (var before = Gguf.open(file);
          var after = Gguf.open(folder.resolve("out.gguf"))) {
        String name = architecture.equals("llama") ? "ffn_gate" : "ffn_gate_exps";
        var entry = before.tensor("blk.0." + name + ".weight").orElseThrow();
        var cut = after.tensor("blk.0." + name + ".weight").orElseThrow();
        assertEquals(entry.shape().columns(), cut.shape().columns());
        var gone = new float[(int) entry.shape().columns()];
        new RowReader(before, entry).read(10, 1, gone);
        var row = new float[gone.length];
        for (int i = 0; i < width - 32; i++) {
          new RowReader(after, cut).read(i, 1, row);
          assertFalse(Arrays.equals(gone, row), "unit 10 is still there as " + i);
        }
      }
    }
  }

  private Pruned pruneUnits(Path file, int units) throws IOException {
    return prune(file, PruneOptions.none().withUnits(Amount.parse(Integer.toString(units))));
  }

  @Test
  void widthsStayWholeBlocks() {
    int[][] steps = {{768, 256}, {256, 32}, {96, 32}, {32, 1}, {172, 1}};
    for (int[] step : steps) {
      assertEquals(step[1], UnitRanking.step(step[0]), "of " + step[0]);
    }
  }

  @Test
  void aPrunedVocabularySpellsEveryText() throws IOException {
    Path file = TestData.file("models", "stories260K.gguf");
    String text = Files.readString(TestData.file("golden", "stories-sample.txt"));
    Pruned pruned =
        Pruner.prune(
            file,
            folder.resolve("out.gguf"),
            PruneOptions.none().withTokenCountMin(1),
            Sample.of("few", text.substring(0, 4_000)),
            ReadingOptions.defaults().withThreads(1).withContextTokens(128),
            _ -> {});
    assertTrue(pruned.tokensAfter() < pruned.tokensBefore(), pruned.toString());
    // The text that was counted is made of the same tokens; only others have lost probability.
    assertTrue(pruned.after().perplexity().value() <= pruned.before().perplexity().value());
    assertEquals(pruned.before().perplexity().count(), pruned.after().perplexity().count());
    try (var before = Gguf.open(file);
        var after = Gguf.open(folder.resolve("out.gguf"))) {
      var whole = Tokenizer.of(before.metadata());
      var cut = Tokenizer.of(after.metadata());
      assertEquals(pruned.tokensAfter(), cut.vocabularySize());
      assertEquals(whole.bos(), cut.bos());
      assertEquals(whole.piece(whole.eos().getAsInt()), cut.piece(cut.eos().getAsInt()));
      for (String other : List.of("Zebras quit jazz! äöü 漢字 😀\n\t", text)) {
        assertEquals(other, cut.decode(cut.encode(other, false)));
      }
      int[] tokens = whole.encode(text.substring(0, 4_000), false);
      int[] same = cut.encode(text.substring(0, 4_000), false);
      assertArrayEquals(
          IntStream.of(tokens).mapToObj(whole::piece).toArray(),
          IntStream.of(same).mapToObj(cut::piece).toArray());
    }
  }

  @Test
  void aShareOfAllParametersGoes() throws IOException {
    Path file = TestData.file("models", "stories260K.gguf");
    String text = Files.readString(TestData.file("golden", "stories-sample.txt"));
    Pruned pruned =
        Pruner.prune(
            file,
            folder.resolve("out.gguf"),
            PruneOptions.none().withParameters(Amount.parse("25%")),
            Sample.of("some", text).withChunksMax(4),
            ReadingOptions.defaults().withContextTokens(256),
            _ -> {});
    double share = (double) pruned.after().parameters() / pruned.before().parameters();
    assertTrue(share <= 0.75 && share > 0.74, "left " + share);
    assertTrue(
        pruned.after().perplexity().value() < 4 * pruned.before().perplexity().value(),
        pruned.after().perplexity().value() + " after");
  }

  @Test
  void theSmallestWeightsBecomeZero() throws IOException {
    Path file = TinyCheckpoints.of("llama", DType.F16).write(folder.resolve("a.gguf"));
    prune(file, PruneOptions.none().withMagnitude(Amount.parse("30%")));
    try (var before = Gguf.open(file);
        var after = Gguf.open(folder.resolve("out.gguf"))) {
      for (var entry : after.tensors()) {
        float[] was = values(before, entry.name());
        float[] is = values(after, entry.name());
        boolean isCut = entry.name().startsWith("blk.") && entry.shape().rows() > 1;
        double zeros = IntStream.range(0, is.length).filter(i -> is[i] == 0).count();
        assertEquals(isCut ? 0.3 : 0, zeros / is.length, 0.01, entry.name());
        float largestGone = 0;
        float smallestKept = Float.MAX_VALUE;
        for (int i = 0; i < is.length; i++) {
          if (is[i] == 0) {
            largestGone = Math.max(largestGone, Math.abs(was[i]));
          } else {
            assertEquals(was[i], is[i]);
            smallestKept = Math.min(smallestKept, Math.abs(is[i]));
          }
        }
        assertTrue(largestGone <= smallestKept, entry.name());
      }
    }
  }

  private static float[] values(Gguf file, String name) throws IOException {
    var entry = file.tensor(name).orElseThrow();
    var values = new float[(int) entry.shape().elements()];
    new RowReader(file, entry).read(0, (int) entry.shape().rows(), values);
    return values;
  }

  @Test
  void aQuantizedModelIsWrittenInHalves() throws IOException {
    Path file = TinyCheckpoints.of("qwen2", DType.Q8_0).write(folder.resolve("a.gguf"));
    Pruned pruned = prune(file, PruneOptions.none().withLayers(Amount.parse("50%")));
    assertTrue(pruned.wasQuantized());
    try (var after = Gguf.open(folder.resolve("out.gguf"))) {
      assertEquals(DType.F16, after.tensor("blk.0.attn_q.weight").orElseThrow().type());
      assertEquals(DType.F32, after.tensor("blk.0.attn_q.bias").orElseThrow().type());
    }
  }

  @Test
  void whatCannotBeIsRefused() throws IOException {
    Path file = TinyCheckpoints.of("llama", DType.F32).write(folder.resolve("a.gguf"));
    var one = PruneOptions.none().withLayers(Amount.parse("1"));
    var onto =
        assertThrows(IllegalArgumentException.class, () -> prune(file, folder, "a.gguf", one));
    assertTrue(onto.getMessage().contains("onto itself"), onto.getMessage());
    assertThrows(
        IllegalArgumentException.class,
        () -> prune(file, PruneOptions.none().withLayers(Amount.parse("2"))));
    assertThrows(
        IllegalArgumentException.class,
        () -> prune(file, PruneOptions.none().withUnits(Amount.parse("96"))));
    assertThrows(IllegalArgumentException.class, () -> Amount.parse("lots"));
    assertThrows(IllegalArgumentException.class, () -> Amount.parse("2.5"));
    assertThrows(IllegalArgumentException.class, () -> Amount.parse("101%"));
    assertThrows(IllegalArgumentException.class, () -> one.withParameters(Amount.parse("25%")));
    assertFalse(Files.exists(folder.resolve("out.gguf")), "a refusal leaves no file");
    Path old = TestData.file("golden", "formats", "tiny-IQ3_S.gguf");
    assertThrows(UnsupportedModelException.class, () -> prune(old, one));
  }

  private Pruned prune(Path file, PruneOptions options) throws IOException {
    return prune(file, folder, "out.gguf", options);
  }

  private static Pruned prune(Path file, Path folder, String name, PruneOptions options)
      throws IOException {
    var reading = ReadingOptions.defaults().withThreads(1).withContextTokens(24);
    return Pruner.prune(file, folder.resolve(name), options, SAMPLE, reading, _ -> {});
  }
}
