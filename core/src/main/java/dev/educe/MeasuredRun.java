package dev.educe;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PageTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// One timed run of the executor over random tokens, as benchmarks want it: nothing is sampled.
final class MeasuredRun {
  private final Executor executor;
  private final Batch batch;
  private final int vocabularySize;
  private final Random random = new Random(1); // which tokens they are does not matter

  MeasuredRun(Executor executor, int vocabularySize) {
    this.executor = executor;
    this.batch = new Batch(executor.batchTokensMax(), executor.batchLogitsMax());
    this.vocabularySize = vocabularySize;
  }

  Measurement run(int promptTokens, int sequences, int decodeTokens) {
    if (promptTokens < 0 || sequences < 1 || decodeTokens < 0) {
      throw new IllegalArgumentException(
          "tokens must not be negative and sequences positive, got %d, %d and %d"
              .formatted(promptTokens, sequences, decodeTokens));
    }
    double promptRate = promptTokens == 0 ? 0 : promptRate(promptTokens);
    double decodeRate = decodeTokens == 0 ? 0 : decodeRate(sequences, decodeTokens);
    return new Measurement(promptRate, decodeRate);
  }

  private double promptRate(int count) {
    try (var table = table(count, 0)) {
      long start = System.nanoTime();
      read(table, count);
      return count * 1e9 / (System.nanoTime() - start);
    }
  }

  private double decodeRate(int sequences, int count) {
    List<PageTable> tables = new ArrayList<>();
    try {
      for (int sequence = 0; sequence < sequences; sequence++) {
        tables.add(table(count, sequence));
      }
      long start = System.nanoTime();
      for (int position = 0; position < count; position++) {
        write(tables, position);
      }
      return (double) count * sequences * 1e9 / (System.nanoTime() - start);
    } finally {
      tables.forEach(PageTable::close);
    }
  }

  private PageTable table(int tokens, int held) {
    var table = new PageTable(executor.pages());
    if (!table.tryReserve(tokens)) {
      throw new IllegalArgumentException(
          "%,d sequences of %,d tokens do not fit the cache of %,d"
              .formatted(
                  held + 1, tokens, executor.pages().pages() * executor.pages().pageTokens()));
    }
    return table;
  }

  private void read(PageTable table, int count) {
    int[] tokens = random.ints(count, 0, vocabularySize).toArray();
    for (int from = 0; from < count; ) {
      int chunk = Math.min(executor.batchTokensMax(), count - from);
      batch.clear();
      batch.add(table, from, tokens, from, chunk, from + chunk == count ? 1 : 0);
      executor.forward(batch);
      from += chunk;
    }
  }

  private void write(List<PageTable> tables, int position) {
    int[] tokens = random.ints(tables.size(), 0, vocabularySize).toArray();
    batch.clear();
    for (int sequence = 0; sequence < tokens.length; sequence++) {
      batch.add(tables.get(sequence), position, tokens, sequence, 1, 1);
    }
    executor.forward(batch);
  }
}
