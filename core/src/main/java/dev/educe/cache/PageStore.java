package dev.educe.cache;

import java.lang.foreign.MemorySegment;

/// The memory of the pages, for those who carry them elsewhere.
public interface PageStore {
  /// Bytes of a page, over all layers.
  long pageBytes();

  /// Copies a page out.
  ///
  /// @param target [#pageBytes] bytes
  void copyOut(int page, MemorySegment target);

  /// Copies a page in.
  ///
  /// @param source [#pageBytes] bytes that were copied out of a page of the same kind
  void copyIn(int page, MemorySegment source);
}
