package dev.educe.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.backend.Batch;
import dev.educe.cache.PageTable;
import dev.educe.format.Gguf;
import dev.educe.kernels.KvType;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Architecture;
import dev.educe.model.ReferenceDecoder;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.tensor.DType;
import dev.educe.testing.Leaks;
import dev.educe.testing.Models;
import dev.educe.testing.Seeded;
import dev.educe.testing.TinyCheckpoints;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Holds every listed family to the promise that a token's logits depend on nothing but its
/// sequence: not on chunks, company, threads, pages or kernels.
@ExtendWith(Seeded.class)
class CpuExecutorTest {
  @TempDir Path folder;

  @Test
  void everyFamilyGivesTheSameBitsHoweverItIsComputed(Random random) throws IOException {
    for (Architecture architecture : Architectures.ALL) {
      for (String name : architecture.names()) {
        if (Character.isUpperCase(name.charAt(0))) {
          continue; // the name of the same family in another container
        }
        Path file = folder.resolve(name + ".gguf");
        TinyCheckpoints.of(name, DType.Q8_0).write(file);
        checkEveryWay(random, file);
      }
    }
  }

  @Test
  void mixturesAndWindowsGiveTheSameBits(Random random) throws IOException {
    Path experts = folder.resolve("experts.gguf");
    TinyCheckpoints.of("llama", DType.Q4_0).withExperts(5, 2).write(experts);
    checkEveryWay(random, experts);
    Path window = folder.resolve("window.gguf");
    TinyCheckpoints.of("llama", DType.F16).with("attention.sliding_window", 9).write(window);
    checkEveryWay(random, window);
  }

  @Test
  void everyFormatGivesTheSameBits(Random random) throws IOException {
    for (DType type : PanelLayout.supported()) {
      Path file = folder.resolve(type + ".gguf");
      TinyCheckpoints.of("llama", type).tied().write(file);
      checkEveryWay(random, file);
    }
  }

  @Test
  void branchesScalesAndNormsAfterAreWhatTheirRecordsSay(Random random) throws IOException {
    Path path = folder.resolve("parallel.gguf");
    TinyCheckpoints.of("parallel", DType.F32).write(path);
    checkEveryWay(random, path);
    int[] tokens = random.ints(12, 0, 250).toArray();
    double[][] expected;
    try (var file = Gguf.open(path)) {
      var decoder = Architectures.describe(file.metadata());
      var weights = Weights.bind("parallel", decoder, file.tensors(), PanelLayout::supports);
      expected = new ReferenceDecoder(decoder, weights, file).logits(tokens);
    }
    try (var model = Models.open(path, "", 2, Models.F32_KV)) {
      float[][] found = model.logits(tokens, 5);
      for (int row = 0; row < found.length; row++) {
        for (int i = 0; i < found[row].length; i++) {
          assertEquals(expected[row][i], found[row][i], 1e-4, "position " + row);
        }
      }
    }
  }

  private static void checkEveryWay(Random random, Path file) throws IOException {
    int[] tokens;
    float[][] expected;
    try (var scalar = Models.open(file, "scalar", 1, Models.F32_KV)) {
      int count = 20 + random.nextInt(60);
      tokens = random.ints(count, 0, scalar.vocabularySize()).toArray();
      expected = scalar.logits(tokens, 1);
      assertTrue(Float.isFinite(expected[count - 1][0]), file + " gave no number");
    }
    var wide = new CpuExecutor.Options(KvType.F32, 16, 64, 512, 96, 96, false);
    for (String kernels : List.of("scalar", "vector", "")) {
      try (var model = Models.open(file, kernels, 3, wide)) {
        String how = file.getFileName() + " with " + kernels;
        assertRows(expected, model.logits(tokens, 96), how + ", whole");
        assertRows(expected, model.logits(tokens, 1 + random.nextInt(20)), how + ", in chunks");
        assertRows(expected, inCompany(random, model, tokens), how + ", in company");
        assertEquals(16, model.executor().pages().freePages());
      }
    }
  }

  /// Computes a sequence in chunks of random sizes, in batches that others share.
  private static float[][] inCompany(Random random, Models model, int[] tokens) {
    var executor = model.executor();
    var batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
    var logits = new float[tokens.length][];
    List<PageTable> others = new ArrayList<>();
    var positions = new int[3];
    try (var table = new PageTable(executor.pages())) {
      Models.reserve(table, tokens.length);
      for (int i = 0; i < positions.length; i++) {
        others.add(new PageTable(executor.pages()));
        Models.reserve(others.getLast(), 200);
      }
      for (int from = 0; from < tokens.length; ) {
        batch.clear();
        addCompany(random, model, batch, others, positions);
        int first = batch.logits();
        int count = Math.min(1 + random.nextInt(12), tokens.length - from);
        batch.add(table, from, tokens, from, count, count);
        addCompany(random, model, batch, others, positions);
        executor.forward(batch);
        for (int i = 0; i < count; i++) {
          logits[from + i] = model.row(first + i);
        }
        from += count;
      }
    } finally {
      others.forEach(PageTable::close);
    }
    return logits;
  }

  private static void addCompany(
      Random random, Models model, Batch batch, List<PageTable> others, int[] positions) {
    int who = random.nextInt(positions.length);
    int count = random.nextInt(5);
    if (count == 0 || positions[who] + count > 200) {
      return;
    }
    int[] tokens = random.ints(count, 0, model.vocabularySize()).toArray();
    batch.add(others.get(who), positions[who], tokens, 0, count, random.nextInt(2));
    positions[who] += count;
  }

  private static void assertRows(float[][] expected, float[][] found, String how) {
    for (int row = 0; row < expected.length; row++) {
      assertArrayEquals(bits(expected[row]), bits(found[row]), how + ", position " + row);
    }
  }

  private static int[] bits(float[] values) {
    var bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }

  @Test
  void halfPrecisionKeysAreCloseAndPagesDoNotMatter(Random random) throws IOException {
    Path file = folder.resolve("pages.gguf");
    TinyCheckpoints.of("llama", DType.F32).write(file);
    float[][] first = null;
    int[] tokens = random.ints(70, 0, 250).toArray();
    for (int pageTokens : new int[] {16, 32, 64}) {
      var options = new CpuExecutor.Options(KvType.F16, 16, pageTokens, 256, 96, 96, false);
      try (var model = Models.open(file, "vector", 2, options)) {
        float[][] found = model.logits(tokens, 17);
        if (first == null) {
          first = found;
        }
        assertRows(first, found, "pages of " + pageTokens);
      }
    }
    try (var exact = Models.open(file, "vector", 2, Models.F32_KV)) {
      float[][] found = exact.logits(tokens, 17);
      double off = 0;
      for (int row = 0; row < found.length; row++) {
        for (int i = 0; i < found[row].length; i++) {
          off = Math.max(off, Math.abs(found[row][i] - first[row][i]));
        }
      }
      assertTrue(off > 0 && off < 0.05, "F16 keys and values move logits by " + off);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aFailedSequenceIsNamedAndItsCompanyIsNot(KvType kv, Random random) throws IOException {
    Path file = folder.resolve("company.gguf");
    TinyCheckpoints.of("llama", DType.Q8_0).write(file);
    var options = new CpuExecutor.Options(kv, 64, 16, 512, 48, 48, false);
    try (var model = Models.open(file, "vector", 2, options);
        var good = new PageTable(model.executor().pages());
        var bad = new PageTable(model.executor().pages())) {
      int[] tokens = random.ints(8, 0, model.vocabularySize()).toArray();
      float[][] alone = model.logits(tokens, 8);
      Models.reserve(good, 8);
      Models.reserve(bad, 8);
      var batch = new Batch(48, 48);
      batch.add(bad, 0, tokens, 0, 4, 0);
      model.executor().forward(batch);
      var pages = model.executor().kv().getFirst();
      int page = bad.pages()[0];
      long at = kv.hasScales() ? pages.scaleOffset(page, 0, 0, 0) : pages.offset(page, 0);
      pages.values().set(ValueLayout.JAVA_FLOAT, at, Float.NaN);
      batch.clear();
      batch.add(bad, 4, tokens, 4, 4, 1);
      batch.add(good, 0, tokens, 0, 8, 8);
      model.executor().forward(batch);
      assertTrue(batch.failure(0).isPresent(), "the sequence with a NaN in its cache went on");
      assertTrue(batch.failure(1).isEmpty(), () -> batch.failure(1).get());
      for (int row = 0; row < 8; row++) {
        assertArrayEquals(bits(alone[row]), bits(model.row(1 + row)));
      }
    }
  }

  @Test
  void nothingIsLeftOpen() throws Throwable {
    Path file = folder.resolve("leaks.gguf");
    TinyCheckpoints.of("qwen3", DType.Q8_0).write(file);
    Leaks.assertNoLeaks(() -> {
      try (var model = Models.open(file, "scalar", 2, Models.F32_KV)) {
        model.logits(new int[] {1, 2, 3}, 3);
      }
    });
  }
}
