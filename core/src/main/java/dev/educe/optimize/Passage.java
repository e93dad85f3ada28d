package dev.educe.optimize;

import dev.educe.backend.Batch;
import dev.educe.backend.cpu.CpuExecutor;
import dev.educe.cache.PageTable;
import dev.educe.sampling.NumericalException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A text that a model reads batch by batch; of each batch, the logits are at hand.
///
/// Two models that know as many tokens read a text in the same batches, and so can be compared row
/// by row. A model reads one text at a time. Not thread-safe.
public final class Passage implements AutoCloseable {
  private final MeasuredModel model;
  private final int[] tokens;
  private final int logitsFrom;
  private final boolean wantsStates;
  private final int batchMax;
  private final PageTable pages;
  private int end; // tokens read
  private int firstRow;
  private int rows;
  private long nanos;

  Passage(MeasuredModel model, int[] tokens, int logitsFrom, boolean wantsStates, int batchMax) {
    if (tokens.length < 1 || tokens.length > model.contextTokens()) {
      throw new IllegalArgumentException(
          "a text has 1 to %,d tokens, got %,d".formatted(model.contextTokens(), tokens.length));
    }
    this.model = model;
    this.tokens = tokens.clone();
    this.logitsFrom = logitsFrom;
    this.wantsStates = wantsStates;
    this.batchMax = batchMax;
    this.pages = new PageTable(model.executor().pages());
    if (!pages.tryReserve(tokens.length)) {
      throw new IllegalStateException("a model reads one text at a time; close the one before");
    }
  }

  /// Reads the next batch.
  ///
  /// @return whether there was one
  /// @throws NumericalException if the model's numbers are no longer finite
  public boolean next() {
    if (end == tokens.length) {
      rows = 0;
      return false;
    }
    CpuExecutor executor = model.executor();
    Batch batch = model.batch();
    boolean wantsLogits = !wantsStates && end >= logitsFrom;
    int stop = wantsStates || wantsLogits ? tokens.length : logitsFrom;
    int room = wantsLogits ? executor.batchLogitsMax() : executor.batchTokensMax();
    int count = Math.min(Math.min(batchMax, room), stop - end);
    rows = wantsLogits ? count : 0;
    firstRow = end;
    batch.clear();
    if (wantsStates) {
      batch.addStates(pages, end, tokens, end, count, count);
    } else {
      batch.add(pages, end, tokens, end, count, rows);
    }
    long start = System.nanoTime();
    executor.forward(batch);
    nanos += System.nanoTime() - start;
    end += count;
    if (batch.failure(0).isPresent()) {
      throw new NumericalException(
          "%s: between the tokens %,d and %,d of a text, %s"
              .formatted(
                  model.path().getFileName(), firstRow, end, batch.failure(0).orElseThrow()));
    }
    return true;
  }

  /// The position of the first row of logits of the batch.
  public int firstRow() {
    return firstRow;
  }

  /// Rows of logits of the batch.
  public int rows() {
    return rows;
  }

  /// Copies the logits of the position [#firstRow] + `row` of the batch.
  ///
  /// @param target `[vocabularySize]`
  public void copyLogits(int row, float[] target) {
    CpuExecutor executor = model.executor();
    long from = row * executor.logitsStride() * Float.BYTES;
    MemorySegment.copy(
        executor.logits(), ValueLayout.JAVA_FLOAT, from, target, 0, model.vocabularySize());
  }

  /// Tokens of the batch.
  public int batchTokens() {
    return end - firstRow;
  }

  /// The states of the batch's tokens after the final norm, if they are wanted: F32, each begins
  /// [#statesStride] floats after the one before. Borrowed until the next batch.
  public MemorySegment states() {
    return model.executor().states();
  }

  /// Floats from one state to the next.
  public long statesStride() {
    return model.executor().statesStride();
  }

  /// How long the model has computed.
  public long nanos() {
    return nanos;
  }

  /// Lets the model read another text; a second call does nothing.
  @Override
  public void close() {
    pages.close();
  }
}
