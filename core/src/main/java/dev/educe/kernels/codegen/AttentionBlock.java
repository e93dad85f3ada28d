package dev.educe.kernels.codegen;

import static dev.educe.kernels.AttentionKernels.BLOCK;

import dev.educe.kernels.KvPages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// What the attention kernel is told of a block of positions and of the rows that look at it, and
/// the memory it works in. Belongs to one thread.
///
/// A *place* is a position counted from the block's first. A *segment* is 16 places; it lies in one
/// page, whatever the page's size.
final class AttentionBlock {
  /// Places of a segment.
  static final int SEGMENT = 16;

  /// Segments of a block.
  static final int SEGMENTS = BLOCK / SEGMENT;

  /// Rows that a kernel takes at once, at most.
  static final int ROWS_MAX = 6;

  // Where things lie, in bytes. Numbers without a type are longs.
  static final int KEYS = 0; // [SEGMENTS]: the address of the keys of the segment's page
  static final int VALUES = 32; // [SEGMENTS]: the address of their values
  static final int NEXT_KEYS = 64; // [SEGMENTS]: of the block that is read next
  static final int NEXT_VALUES = 96; // [SEGMENTS]
  static final int FIRST = 128; // the first place that any row sees
  static final int SHARED = 136; // the first place that all rows see
  static final int SHARED_END = 144; // the place after the last that all rows see
  static final int END = 152; // the place after the last that any row sees
  static final int SCALE = 160; // F32
  static final int FROM = 192; // [ROWS_MAX]: the first place that the row sees
  static final int TO = 256; // [ROWS_MAX]: the place after its last
  static final int CHANGES = 320; // F32 [16]: exp(mOld − m) of the rows
  static final int SUMS = 384; // F32 [16]: of the rows' weights
  // F32 [3 · BLOCK]: −∞, +∞, −∞. A window of BLOCK that begins inside cuts off places before one,
  // or from one on, when scores are limited to it.
  static final int LIMITS = 448;
  static final int WEIGHTS = 1216; // F32 [ROWS_MAX, BLOCK]: scores, then weights
  static final int BYTES = WEIGHTS + ROWS_MAX * BLOCK * Float.BYTES;

  private final MemorySegment memory;

  AttentionBlock() {
    this(Arena.ofAuto().allocate(BYTES, 64));
  }

  /// @param memory of [#BYTES] bytes
  AttentionBlock(MemorySegment memory) {
    this.memory = memory;
    for (int i = 0; i < 3 * BLOCK; i++) {
      boolean isInside = i / BLOCK == 1;
      float limit = isInside ? Float.POSITIVE_INFINITY : Float.NEGATIVE_INFINITY;
      memory.set(ValueLayout.JAVA_FLOAT, LIMITS + 4L * i, limit);
    }
  }

  long address() {
    return memory.address();
  }

  void scale(float factor) {
    memory.set(ValueLayout.JAVA_FLOAT, SCALE, factor);
  }

  /// Goes on to the block that [#findNext] found.
  void advance() {
    MemorySegment.copy(memory, NEXT_KEYS, memory, KEYS, NEXT_KEYS - KEYS);
  }

  /// Finds the pages that hold the positions from `first` to `last`, all of one block; no other
  /// page is looked up.
  void findNext(KvPages pages, int[] pageTable, int kvHead, int first, int last) {
    int tokens = pages.pageTokens();
    int block = first / BLOCK * BLOCK;
    long bytes = pages.headBytes();
    for (int i = 0; i < SEGMENTS; i++) {
      int position = block + i * SEGMENT;
      // Nobody sees what is computed from keys out of range; any readable ones will do.
      int seen = position + SEGMENT <= first || position > last ? first : position;
      long offset = pages.offset(pageTable[seen / tokens], kvHead);
      Objects.checkFromIndexSize(offset, bytes, pages.keys().byteSize());
      Objects.checkFromIndexSize(offset, bytes, pages.values().byteSize());
      put(NEXT_KEYS + 8 * i, pages.keys().address() + offset);
      put(NEXT_VALUES + 8 * i, pages.values().address() + offset);
    }
  }

  /// All rows see all places.
  void seeAll() {
    put(FIRST, 0);
    put(SHARED, 0);
    put(SHARED_END, BLOCK);
    put(END, BLOCK);
  }

  /// Row `row` of the kernel's sees the places from `from` to `to`.
  void see(int row, int from, int to) {
    put(FROM + 8 * row, from);
    put(TO + 8 * row, to);
  }

  /// Tells the places that any row sees and those that all see.
  void see(int first, int shared, int sharedEnd, int end) {
    boolean isEmpty = shared >= sharedEnd;
    put(FIRST, first);
    put(SHARED, isEmpty ? end : shared);
    put(SHARED_END, isEmpty ? end : sharedEnd);
    put(END, end);
  }

  private void put(long offset, long value) {
    memory.set(ValueLayout.JAVA_LONG, offset, value);
  }
}
