package dev.educe.engine;

import dev.educe.backend.Batch;
import dev.educe.backend.Executor;
import dev.educe.cache.PagePool;
import dev.educe.cache.PageTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.ToLongFunction;

/// A model that answers at once, and whose answer depends on everything in its pages.
///
/// A token leaves a number in its page. The number is made of the token, its position, the number
/// before it, and one number of every page that the token sees, all read through the page table;
/// the next token is a digit of it. So a page that belongs to others, or was not computed, shows in
/// what is generated.
class SimulatedExecutor implements Executor {
  static final int VOCABULARY = 24;

  private final PagePool pool;
  private final long[] numbers; // [pages · pageTokens]
  private final float[] logits; // [batchLogitsMax · VOCABULARY]
  private final float[] states; // [batchTokensMax]
  private final int batchTokensMax;
  private final int batchLogitsMax;
  private final int window;
  private final ToLongFunction<PageTable> salt; // of the weights that a sequence is computed with
  private final SimulatedClock clock;
  private final long stepNanos;
  private final long tokenNanos;

  SimulatedExecutor(
      PagePool pool,
      int batchTokensMax,
      int batchLogitsMax,
      int window,
      ToLongFunction<PageTable> salt,
      SimulatedClock clock,
      long stepNanos,
      long tokenNanos) {
    this.pool = pool;
    this.numbers = new long[pool.pages() * pool.pageTokens()];
    this.logits = new float[batchLogitsMax * VOCABULARY];
    this.states = new float[batchTokensMax];
    this.batchTokensMax = batchTokensMax;
    this.batchLogitsMax = batchLogitsMax;
    this.window = window;
    this.salt = salt;
    this.clock = clock;
    this.stepNanos = stepNanos;
    this.tokenNanos = tokenNanos;
  }

  /// Numbers of earlier positions.
  interface Earlier {
    long at(int position);
  }

  /// The number of a token.
  static long number(
      long salt, int token, int position, int pageTokens, int window, Earlier earlier) {
    long number = mix(salt, token * 31L + position);
    int first = Math.max(0, position + 1 - window);
    if (position > first) {
      number = mix(number, earlier.at(position - 1));
    }
    for (int page = Math.ceilDiv(first, pageTokens); page < position / pageTokens; page++) {
      number = mix(number, earlier.at(page * pageTokens + (position * 7 + page) % pageTokens));
    }
    return number;
  }

  /// The token that follows.
  static int next(long number) {
    return (int) Long.remainderUnsigned(number, VOCABULARY);
  }

  /// The one value of a state.
  static float state(long number) {
    return number & 0xffff;
  }

  private static long mix(long a, long b) {
    long x = (a ^ b * 0x9e3779b97f4a7c15L) * 0xbf58476d1ce4e5b9L;
    return x ^ x >>> 29;
  }

  @Override
  public void forward(Batch batch) {
    int output = 0;
    Arrays.fill(logits, 0);
    for (int slice = 0; slice < batch.slices(); slice++) {
      int[] table = batch.pages(slice).pages();
      long weights = salt.applyAsLong(batch.pages(slice));
      for (int token = batch.sliceStart(slice); token < batch.sliceStart(slice + 1); token++) {
        int position = batch.position(token);
        long number =
            number(
                weights,
                batch.id(token),
                position,
                pool.pageTokens(),
                window,
                earlier -> numbers[place(table, earlier)]);
        numbers[place(table, position)] = number;
        if (output < batch.outputs() && batch.outputToken(output) == token) {
          if (batch.outputRow(output) < 0) {
            states[output] = state(number);
          } else {
            logits[batch.outputRow(output) * VOCABULARY + next(number)] = 1;
          }
          output++;
        }
      }
    }
    clock.advance(stepNanos + batch.tokens() * tokenNanos);
  }

  private int place(int[] table, int position) {
    return table[position / pool.pageTokens()] * pool.pageTokens() + position % pool.pageTokens();
  }

  @Override
  public MemorySegment logits() {
    return MemorySegment.ofArray(logits);
  }

  @Override
  public long logitsStride() {
    return VOCABULARY;
  }

  @Override
  public MemorySegment states() {
    return MemorySegment.ofArray(states);
  }

  @Override
  public long statesStride() {
    return 1;
  }

  @Override
  public int stateSize() {
    return 1;
  }

  @Override
  public int batchTokensMax() {
    return batchTokensMax;
  }

  @Override
  public int batchLogitsMax() {
    return batchLogitsMax;
  }

  @Override
  public PagePool pages() {
    return pool;
  }

  @Override
  public long pageBytes() {
    return (long) pool.pageTokens() * Long.BYTES;
  }

  @Override
  public void copyOut(int page, MemorySegment target) {
    MemorySegment.copy(MemorySegment.ofArray(numbers), page * pageBytes(), target, 0, pageBytes());
  }

  @Override
  public void copyIn(int page, MemorySegment source) {
    MemorySegment.copy(source, 0, MemorySegment.ofArray(numbers), page * pageBytes(), pageBytes());
  }

  @Override
  public void close() {}
}
