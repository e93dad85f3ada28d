package dev.educe;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.Lock;

/// One timed run of the executor over random tokens, as benchmarks want it: nothing is sampled.
final class MeasuredRun {
  private final Model model;
  private final Executor executor;
  private final Batch batch;
  private final Lock lock;
  private final Random random = new Random(1); // which tokens they are does not matter

  MeasuredRun(Model model, Executor executor, Batch batch, Lock lock) {
    this.model = model;
    this.executor = executor;
    this.batch = batch;
    this.lock = lock;
  }

  Measurement run(int promptTokens, int sequences, int decodeTokens) {
    if (promptTokens < 0 || sequences < 1 || decodeTokens < 0) {
      throw new IllegalArgumentException(
          "tokens must not be negative and sequences positive, got %d, %d and %d"
              .formatted(promptTokens, sequences, decodeTokens));
    }
    lock.lock();
    try {
      double promptRate = promptTokens == 0 ? 0 : prompt(promptTokens);
      double decodeRate = decodeTokens == 0 ? 0 : decode(sequences, decodeTokens);
      return new Measurement(promptRate, decodeRate);
    } finally {
      lock.unlock();
    }
  }

  private double prompt(int count) {
    try (var table = table(count)) {
      int[] tokens = tokens(count);
      long start = System.nanoTime();
      for (int from = 0; from < count; ) {
        int chunk = Math.min(executor.batchTokensMax(), count - from);
        batch.clear();
        batch.add(table, from, tokens, from, chunk, from + chunk == count ? 1 : 0);
        executor.forward(batch);
        from += chunk;
      }
      return count * 1e9 / (System.nanoTime() - start);
    }
  }

  private double decode(int sequences, int count) {
    List<PageTable> tables = new ArrayList<>();
    try {
      for (int sequence = 0; sequence < sequences; sequence++) {
        tables.add(table(count));
      }
      int[] tokens = tokens(count * sequences);
      long start = System.nanoTime();
      for (int position = 0; position < count; position++) {
        batch.clear();
        for (int sequence = 0; sequence < sequences; sequence++) {
          batch.add(tables.get(sequence), position, tokens, position * sequences + sequence, 1, 1);
        }
        executor.forward(batch);
      }
      return (double) count * sequences * 1e9 / (System.nanoTime() - start);
    } finally {
      tables.forEach(PageTable::close);
    }
  }

  private PageTable table(int tokens) {
    var table = new PageTable(executor.pages());
    if (!table.tryReserve(tokens)) {
      throw new IllegalArgumentException(
          "%,d tokens do not fit the cache of %,d; load the model with a longer context"
              .formatted(tokens, executor.pages().pages() * executor.pages().pageTokens()));
    }
    return table;
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, model.vocabularySize()).toArray();
  }
}
