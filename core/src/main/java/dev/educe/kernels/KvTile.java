package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import jdk.incubator.vector.FloatVector;

/// Keys and values of one block of positions and one KV head, gathered from their pages and widened
/// to floats, so that all query heads and tokens that look at the block share that work.
///
/// Belongs to one thread.
final class KvTile {
  private static final int BLOCK = AttentionKernels.BLOCK;

  private int headSize;
  private int stride;
  private float[] keys = {}; // [headSize, BLOCK]
  private float[] values = {}; // [BLOCK, stride]
  private float[] page = {}; // a page of either, as it lies in memory

  /// Makes room for heads of a size.
  void fit(int wantedSize) {
    headSize = wantedSize;
    stride = Math.ceilDiv(wantedSize, TileProduct.COLUMNS) * TileProduct.COLUMNS;
    if (keys.length < headSize * BLOCK) {
      keys = new float[headSize * BLOCK];
      page = new float[headSize * BLOCK];
    }
    if (values.length < BLOCK * stride) {
      values = new float[BLOCK * stride];
    }
  }

  /// `[headSize, BLOCK]`; positions that were not gathered hold anything.
  float[] keys() {
    return keys;
  }

  /// `[BLOCK, stride]`; channels beyond the head's and positions not gathered hold anything.
  float[] values() {
    return values;
  }

  /// Floats of a row of [#values]: the head's size, rounded up to [TileProduct#COLUMNS].
  int stride() {
    return stride;
  }

  /// Gathers the pages that hold the positions from `first` to `last`, all of one block.
  void gather(KvPages pages, int[] pageTable, int kvHead, int first, int last) {
    int tokens = pages.pageTokens();
    int block = first / BLOCK * BLOCK;
    for (int index = first / tokens; index <= last / tokens; index++) {
      long offset = pages.offset(pageTable[index], kvHead);
      int position = index * tokens - block;
      gatherKeys(pages, offset, position);
      gatherValues(pages, offset, position);
    }
  }

  private void gatherKeys(KvPages pages, long offset, int position) {
    int tokens = pages.pageTokens();
    if (tokens == BLOCK) {
      widen(pages.type(), pages.keys(), offset, headSize * BLOCK, keys, 0);
      return;
    }
    widen(pages.type(), pages.keys(), offset, headSize * tokens, page, 0);
    spread(page, tokens, keys, position, headSize);
  }

  private void gatherValues(KvPages pages, long offset, int position) {
    int tokens = pages.pageTokens();
    if (headSize == stride) {
      widen(pages.type(), pages.values(), offset, tokens * stride, values, position * stride);
      return;
    }
    widen(pages.type(), pages.values(), offset, tokens * headSize, page, 0);
    for (int token = 0; token < tokens; token++) {
      System.arraycopy(page, token * headSize, values, (position + token) * stride, headSize);
    }
  }

  private static void widen(
      KvType type, MemorySegment from, long offset, int count, float[] to, int index) {
    switch (type) {
      case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, offset, to, index, count);
      case F16 -> widenHalves(from, offset, count, to, index);
    }
  }

  // The Vector API has no halves; the compiler turns this loop into the machine's conversion.
  private static void widenHalves(
      MemorySegment from, long offset, int count, float[] to, int index) {
    for (int i = 0; i < count; i++) {
      to[index + i] = Float.float16ToFloat(from.get(ValueLayout.JAVA_SHORT, offset + 2L * i));
    }
  }

  /// Copies rows of `width` floats, packed, to rows that are [AttentionKernels#BLOCK] apart.
  private static void spread(float[] from, int width, float[] to, int index, int rows) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < width; i += Lanes.COUNT) {
        FloatVector.fromArray(Lanes.FLOATS, from, row * width + i)
            .intoArray(to, index + row * BLOCK + i);
      }
    }
  }
}
