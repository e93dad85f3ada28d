package dev.educe.testing;

import dev.educe.backend.Batch;
import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PageTable;
import dev.educe.format.Gguf;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.KvType;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Workers;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// A model's executor with its workers, and the logits of token sequences on it.
public final class Models implements AutoCloseable {
  /// F32 keys and values, pages of 16 tokens, a small batch.
  public static final CpuExecutor.Options F32_KV =
      new CpuExecutor.Options(KvType.F32, 64, 16, 512, 48, 48, false);

  private final Workers workers;
  private final CpuExecutor executor;
  private final Batch batch;
  private final int vocabularySize;

  private Models(Workers workers, CpuExecutor executor, int vocabularySize) {
    this.workers = workers;
    this.executor = executor;
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
    this.vocabularySize = vocabularySize;
  }

  /// @param kernels `scalar` or `vector`
  public static Models open(Path file, String kernels, int threads, CpuExecutor.Options options)
      throws IOException {
    try (var gguf = Gguf.open(file)) {
      var decoder = Architectures.describe(gguf.metadata());
      var weights =
          Weights.bind(
              file.getFileName().toString(), decoder, gguf.tensors(), PanelLayout::supports);
      var workers = new Workers(threads);
      try {
        var executor =
            CpuExecutor.load(
                gguf,
                weights,
                KernelSelector.select(kernels).kernels(),
                workers,
                MemoryBudget.unlimited(),
                options,
                _ -> {});
        return new Models(workers, executor, decoder.vocabularySize());
      } catch (IOException | RuntimeException | Error failed) {
        workers.close();
        throw failed;
      }
    }
  }

  /// The executor.
  public CpuExecutor executor() {
    return executor;
  }

  /// How many tokens the model knows.
  public int vocabularySize() {
    return vocabularySize;
  }

  /// The logits of every position `[positions, vocabularySize]`, computed in chunks of this size.
  public float[][] logits(int[] tokens, int chunk) {
    var logits = new float[tokens.length][];
    try (var table = new PageTable(executor.pages())) {
      reserve(table, tokens.length);
      for (int from = 0; from < tokens.length; from += chunk) {
        int count = Math.min(chunk, tokens.length - from);
        batch.clear();
        batch.add(table, from, tokens, from, count, count);
        executor.forward(batch);
        batch
            .failure(0)
            .ifPresent(reason -> {
              throw new AssertionError(reason);
            });
        for (int i = 0; i < count; i++) {
          logits[from + i] = row(i);
        }
      }
    }
    return logits;
  }

  /// Makes room, which a test's cache always has.
  public static void reserve(PageTable table, int tokens) {
    if (!table.tryReserve(tokens)) {
      throw new AssertionError("the test's cache is too small for " + tokens + " tokens");
    }
  }

  /// A row of the last batch's logits.
  public float[] row(int row) {
    long from = row * executor.logitsStride() * Float.BYTES;
    return executor
        .logits()
        .asSlice(from, (long) vocabularySize * Float.BYTES)
        .toArray(ValueLayout.JAVA_FLOAT);
  }

  @Override
  public void close() {
    executor.close();
    workers.close();
  }
}
