package dev.educe.kernels.codegen;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The query heads of some tokens on their way through a span: queries, and what attention has
/// summed for each so far. A *row* is one query head of one token, token by token.
///
/// Belongs to one thread.
final class AttentionRows {
  /// Rows at most: so many stay in the second-level cache.
  static final int ROWS_MAX = 96;

  /// Bytes from a row's maximum to its sum.
  static final int SUMS = ROWS_MAX * Float.BYTES;

  private int headSize;
  private MemorySegment q = MemorySegment.NULL; // [ROWS_MAX, headSize]
  private MemorySegment o = MemorySegment.NULL; // [ROWS_MAX, headSize]
  private final MemorySegment state = Arena.ofAuto().allocate(2L * SUMS, 64); // m, then l

  /// Forgets everything and makes room for heads of a size.
  void begin(int wantedSize, int rows) {
    headSize = wantedSize;
    long bytes = (long) ROWS_MAX * headSize * Float.BYTES;
    if (q.byteSize() < bytes) {
      q = Arena.ofAuto().allocate(bytes, 64);
      o = Arena.ofAuto().allocate(bytes, 64);
    }
    o.asSlice(0, (long) rows * headSize * Float.BYTES).fill((byte) 0);
    for (int row = 0; row < rows; row++) {
      state.setAtIndex(ValueLayout.JAVA_FLOAT, row, Float.NEGATIVE_INFINITY);
      state.setAtIndex(ValueLayout.JAVA_FLOAT, ROWS_MAX + row, 0f);
    }
  }

  /// Copies the queries of consecutive rows.
  void query(int row, int rows, MemorySegment from, long offset) {
    long at = (long) row * headSize * Float.BYTES;
    MemorySegment.copy(from, offset * 4, q, at, (long) rows * headSize * Float.BYTES);
  }

  /// Writes the partial results of consecutive rows, a head's size and 16 floats apart, unless one
  /// of them is not the contract's. A kernel loses the sign of a maximum of zero, and it may lose a
  /// maximum that is NaN, but then the sum is NaN.
  ///
  /// @return whether they were written
  boolean tryResults(int row, int count, MemorySegment to, long offset) {
    for (int i = row; i < row + count; i++) {
      if (m(i) == 0f || Float.isNaN(l(i))) {
        return false;
      }
    }
    long bytes = (long) headSize * Float.BYTES;
    for (int i = row; i < row + count; i++) {
      MemorySegment.copy(o, i * bytes, to, offset * 4, bytes);
      to.setAtIndex(ValueLayout.JAVA_FLOAT, offset + headSize, m(i));
      to.setAtIndex(ValueLayout.JAVA_FLOAT, offset + headSize + 1, l(i));
      offset += headSize + 16;
    }
    return true;
  }

  private float m(int row) {
    return state.getAtIndex(ValueLayout.JAVA_FLOAT, row);
  }

  private float l(int row) {
    return state.getAtIndex(ValueLayout.JAVA_FLOAT, ROWS_MAX + row);
  }

  /// Where the queries of a row are.
  long qAddress(int row) {
    return q.address() + (long) row * headSize * Float.BYTES;
  }

  /// Where the sums of values of a row are.
  long oAddress(int row) {
    return o.address() + (long) row * headSize * Float.BYTES;
  }

  /// Where the maximum of a row is; its sum lies [#SUMS] bytes further.
  long stateAddress(int row) {
    return state.address() + (long) row * Float.BYTES;
  }
}
