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

  MeasuredRun(Executor executor, Batch batch, int vocabularySize) {
    this.executor = executor;
    this.batch = batch;
    this.vocabularySize = vocabularySize;
  }

  Measurement run(int sequences, int promptTokens, int generatedTokens) {
    if (sequences < 1 || promptTokens < 1 || generatedTokens < 0) {
      throw new IllegalArgumentException(
          "sequences and prompt tokens must be positive, generated ones not negative; got %d, %d, %d"
              .formatted(sequences, promptTokens, generatedTokens));
    }
    List<PageTable> tables = new ArrayList<>();
    try {
      for (int sequence = 0; sequence < sequences; sequence++) {
        tables.add(table(promptTokens + generatedTokens, tables));
      }
      long start = System.nanoTime();
      for (PageTable table : tables) {
        read(table, promptTokens);
      }
      long read = System.nanoTime();
      for (int position = promptTokens; position < promptTokens + generatedTokens; position++) {
        write(tables, position);
      }
      return new Measurement(read - start, System.nanoTime() - read);
    } finally {
      tables.forEach(PageTable::close);
    }
  }

  private PageTable table(int tokens, List<PageTable> held) {
    var table = new PageTable(executor.pages());
    if (!table.tryReserve(tokens)) {
      throw new IllegalArgumentException(
          "%,d sequences of %,d tokens do not fit the cache of %,d"
              .formatted(
                  held.size() + 1,
                  tokens,
                  executor.pages().pages() * executor.pages().pageTokens()));
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
