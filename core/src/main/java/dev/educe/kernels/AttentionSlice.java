package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/// The query heads of one KV head for a slice of consecutive tokens, on their way through a span:
/// queries, and what attention has summed for each so far.
///
/// A *row* is one query head of one token, token by token. Rows go through a block of positions in
/// strips, so that their scores stay in the first-level cache. Belongs to one thread.
final class AttentionSlice {
  private static final int BLOCK = AttentionKernels.BLOCK;
  private static final int SUM_LANES = 16;

  /// Rows whose scores are computed together, a multiple of [TileProduct#ROWS].
  private static final int STRIP = 32;

  private int headSize;
  private int stride;
  private int group;
  private int position; // of the first token
  private int window;
  private float scale;
  private int rows;

  private float[] q = {}; // [rows + ROWS - 1, headSize]; tiles may read beyond the last row
  private float[] o = {}; // [rows + 1, stride]; the last row takes what tiles compute too much
  private float[] m = {}; // [rows]
  private float[] l = {}; // [rows]

  // Of the strip in work.
  private final float[] scores = new float[STRIP * BLOCK]; // then weights
  private final float[] lanes = new float[SUM_LANES];
  private final float[] changes = new float[STRIP]; // exp(mOld − m)
  private final int[] from = new int[STRIP]; // the visible places of the block
  private final int[] to = new int[STRIP];

  /// Takes the queries of `tokens` tokens, the first at `position`, and forgets all else.
  void begin(
      KvTile kv, int headSize, int group, int tokens, int position, int window, float scale) {
    this.headSize = headSize;
    this.stride = kv.stride();
    this.group = group;
    this.position = position;
    this.window = window;
    this.scale = scale;
    this.rows = tokens * group;
    if (q.length < (rows + TileProduct.ROWS - 1) * headSize) {
      q = new float[(rows + TileProduct.ROWS - 1) * headSize];
    }
    if (o.length < (rows + 1) * stride) {
      o = new float[(rows + 1) * stride];
    }
    if (m.length < rows) {
      m = new float[rows];
      l = new float[rows];
    }
    Arrays.fill(o, 0, rows * stride, 0f);
    Arrays.fill(m, 0, rows, Float.NEGATIVE_INFINITY);
    Arrays.fill(l, 0, rows, 0f);
  }

  /// Copies the queries of a token of the slice.
  void query(int token, MemorySegment from, long offset) {
    int count = group * headSize;
    MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, offset * 4, q, token * count, count);
  }

  /// Writes the partial results of a head of a token of the slice.
  void result(int token, int head, MemorySegment to, long offset) {
    int row = token * group + head;
    MemorySegment.copy(o, row * stride, to, ValueLayout.JAVA_FLOAT, offset * 4, headSize);
    to.setAtIndex(ValueLayout.JAVA_FLOAT, offset + headSize, m[row]);
    to.setAtIndex(ValueLayout.JAVA_FLOAT, offset + headSize + 1, l[row]);
  }

  /// Attends from the tokens `tokenFrom` to `tokenTo`, all of which see something of it, to the
  /// block that begins at position `block`.
  void attend(KvTile kv, int block, int tokenFrom, int tokenTo) {
    int end = tokenTo * group;
    for (int row = tokenFrom * group; row < end; row += STRIP) {
      int count = Math.min(STRIP, end - row);
      findVisible(block, row, count);
      score(kv, row, count);
      weigh(row, count);
      sumValues(kv, row, count);
    }
  }

  private void findVisible(int block, int row, int count) {
    for (int i = 0; i < count; i++) {
      int last = position + (row + i) / group;
      from[i] = Math.max(last - window + 1, block) - block;
      to[i] = Math.min(last + 1 - block, BLOCK);
    }
  }

  private void score(KvTile kv, int row, int count) {
    Arrays.fill(scores, 0f);
    for (int i = 0; i < count; i += TileProduct.ROWS) {
      int at = i * BLOCK;
      int qAt = (row + i) * headSize;
      if (i + 1 == count) {
        TileProduct.row(q, qAt, kv.keys(), BLOCK, 0, headSize, scores, at);
      } else {
        TileProduct.rows4(
            q,
            qAt,
            headSize,
            kv.keys(),
            BLOCK,
            0,
            headSize,
            scores,
            at,
            at + BLOCK,
            at + 2 * BLOCK,
            at + 3 * BLOCK);
      }
    }
    multiply(scores, 0, count * BLOCK, scale);
    for (int i = 0; i < count; i++) {
      // Neither the maximum nor the sum sees a minus infinity.
      Arrays.fill(scores, i * BLOCK, i * BLOCK + from[i], Float.NEGATIVE_INFINITY);
      Arrays.fill(scores, i * BLOCK + to[i], (i + 1) * BLOCK, Float.NEGATIVE_INFINITY);
    }
  }

  /// Turns scores into weights and brings `m`, `l` and [#changes] up to date.
  private void weigh(int row, int count) {
    for (int i = 0; i < count; i++) {
      maxLanes(scores, i * BLOCK, lanes);
      float max = Math.max(m[row + i], RowSums.max(lanes));
      changes[i] = m[row + i] - max;
      m[row + i] = max;
      subtract(scores, i * BLOCK, max);
    }
    VectorExponential.exp(changes, count);
    VectorExponential.exp(scores, count * BLOCK);
    for (int i = 0; i < count; i++) {
      sumLanes(scores, i * BLOCK, lanes);
      l[row + i] = Math.fma(l[row + i], changes[i], RowSums.tree(lanes));
    }
  }

  private void sumValues(KvTile kv, int row, int count) {
    for (int i = 0; i < count; i++) {
      multiply(o, (row + i) * stride, stride, changes[i]);
    }
    for (int i = 0; i < count; i += TileProduct.ROWS) {
      sumValuesOfTile(kv, row, i, Math.min(TileProduct.ROWS, count - i));
    }
  }

  /// Rows of a tile may see different places: those that all see go through the tile, those before
  /// and behind row by row, so that each row takes its places in ascending order.
  private void sumValuesOfTile(KvTile kv, int row, int strip, int tileRows) {
    int shared = from[strip];
    int sharedTo = to[strip];
    for (int i = strip + 1; i < strip + tileRows; i++) {
      shared = Math.max(shared, from[i]);
      sharedTo = Math.min(sharedTo, to[i]);
    }
    if (tileRows == 1 || shared >= sharedTo) {
      for (int i = strip; i < strip + tileRows; i++) {
        sumValuesOfRow(kv, row, i, from[i], to[i]);
      }
      return;
    }
    for (int i = strip; i < strip + tileRows; i++) {
      sumValuesOfRow(kv, row, i, from[i], shared);
    }
    int spare = rows * stride;
    int o0 = (row + strip) * stride;
    TileProduct.rows4(
        scores,
        strip * BLOCK,
        BLOCK,
        kv.values(),
        stride,
        shared,
        sharedTo,
        o,
        o0,
        o0 + stride,
        tileRows > 2 ? o0 + 2 * stride : spare,
        tileRows > 3 ? o0 + 3 * stride : spare);
    for (int i = strip; i < strip + tileRows; i++) {
      sumValuesOfRow(kv, row, i, sharedTo, to[i]);
    }
  }

  private void sumValuesOfRow(KvTile kv, int row, int strip, int placeFrom, int placeTo) {
    if (placeFrom < placeTo) {
      TileProduct.row(
          scores,
          strip * BLOCK,
          kv.values(),
          stride,
          placeFrom,
          placeTo,
          o,
          (row + strip) * stride);
    }
  }

  private static void multiply(float[] x, int at, int count, float factor) {
    for (int i = at; i < at + count; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, x, i).mul(factor).intoArray(x, i);
    }
  }

  /// Writes the maximum of the places `p mod 16` to each lane.
  private static void maxLanes(float[] x, int at, float[] lanes) {
    for (int lane = 0; lane < SUM_LANES; lane += Lanes.COUNT) {
      var max = FloatVector.fromArray(Lanes.FLOATS, x, at + lane);
      for (int i = SUM_LANES; i < BLOCK; i += SUM_LANES) {
        max = max.max(FloatVector.fromArray(Lanes.FLOATS, x, at + lane + i));
      }
      max.intoArray(lanes, lane);
    }
  }

  private static void sumLanes(float[] x, int at, float[] lanes) {
    for (int lane = 0; lane < SUM_LANES; lane += Lanes.COUNT) {
      var sum = FloatVector.fromArray(Lanes.FLOATS, x, at + lane);
      for (int i = SUM_LANES; i < BLOCK; i += SUM_LANES) {
        sum = sum.add(FloatVector.fromArray(Lanes.FLOATS, x, at + lane + i));
      }
      sum.intoArray(lanes, lane);
    }
  }

  private static void subtract(float[] x, int at, float amount) {
    for (int i = at; i < at + BLOCK; i += Lanes.COUNT) {
      FloatVector.fromArray(Lanes.FLOATS, x, i).sub(amount).intoArray(x, i);
    }
  }
}
