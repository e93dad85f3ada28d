package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.B2F;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/// Keys and values of one block of positions and one KV head, gathered from their pages and widened
/// to floats, so that all query heads and tokens that look at the block share that work.
///
/// Belongs to one thread.
final class KvTile {
  private static final int BLOCK = AttentionKernels.BLOCK;
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  // As many as the widest vector has floats.
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_128;

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
    } else {
      widen(pages.type(), pages.keys(), offset, headSize * tokens, page, 0);
      spread(page, tokens, keys, position, headSize);
    }
    if (pages.type().hasScales()) {
      scaleKeys(pages.keys(), offset + (long) headSize * tokens, tokens, position);
    }
  }

  private void gatherValues(KvPages pages, long offset, int position) {
    int tokens = pages.pageTokens();
    if (headSize == stride) {
      widen(pages.type(), pages.values(), offset, tokens * stride, values, position * stride);
    } else {
      widen(pages.type(), pages.values(), offset, tokens * headSize, page, 0);
      for (int token = 0; token < tokens; token++) {
        System.arraycopy(page, token * headSize, values, (position + token) * stride, headSize);
      }
    }
    if (pages.type().hasScales()) {
      scaleValues(pages.values(), offset + (long) headSize * tokens, tokens, position);
    }
  }

  /// Multiplies the keys of a page by their scales, which begin at `offset`.
  private void scaleKeys(MemorySegment scales, long offset, int tokens, int position) {
    for (int channel = 0; channel < headSize; channel++) {
      long group = offset + (long) channel / KvType.GROUP * tokens * Float.BYTES;
      int row = channel * BLOCK + position;
      for (int i = 0; i < tokens; i += Lanes.COUNT) {
        long at = group + (long) i * Float.BYTES;
        FloatVector.fromArray(Lanes.FLOATS, keys, row + i)
            .mul(FloatVector.fromMemorySegment(Lanes.FLOATS, scales, at, ORDER))
            .intoArray(keys, row + i);
      }
    }
  }

  /// Multiplies the values of a page by their scales, which begin at `offset`.
  private void scaleValues(MemorySegment scales, long offset, int tokens, int position) {
    for (int channel = 0; channel < headSize; channel += KvType.GROUP) {
      long group = offset + (long) channel / KvType.GROUP * tokens * Float.BYTES;
      for (int token = 0; token < tokens; token++) {
        float scale = scales.get(ValueLayout.JAVA_FLOAT, group + (long) token * Float.BYTES);
        int from = (position + token) * stride + channel;
        for (int i = from; i < from + KvType.GROUP; i += Lanes.COUNT) {
          FloatVector.fromArray(Lanes.FLOATS, values, i).mul(scale).intoArray(values, i);
        }
      }
    }
  }

  /// Widens elements, a multiple of 16, without their scales.
  private static void widen(
      KvType type, MemorySegment from, long offset, int count, float[] to, int index) {
    switch (type) {
      case F32 -> MemorySegment.copy(from, ValueLayout.JAVA_FLOAT, offset, to, index, count);
      case F16 -> widenHalves(from, offset, count, to, index);
      case I8 -> widenBytes(from, offset, count, to, index);
    }
  }

  private static void widenBytes(
      MemorySegment from, long offset, int count, float[] to, int index) {
    for (int i = 0; i < count; i += BYTES.length()) {
      var bytes = ByteVector.fromMemorySegment(BYTES, from, offset + i, ORDER);
      for (int lane = 0; lane < BYTES.length(); lane += Lanes.COUNT) {
        ((FloatVector) bytes.convertShape(B2F, Lanes.FLOATS, lane / Lanes.COUNT))
            .intoArray(to, index + i + lane);
      }
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
