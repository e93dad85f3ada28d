package dev.educe.kernels.codegen;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;

/// Memory between two pages that nobody may touch: one byte too far ends the process.
final class GuardedPages implements SegmentAllocator, AutoCloseable {
  private final List<MemorySegment> mappings = new ArrayList<>();

  /// Memory that ends where the page behind it begins.
  ///
  /// @param alignment what the size is a multiple of
  @Override
  public MemorySegment allocate(long bytes, long alignment) {
    return allocate(bytes, true);
  }

  /// @param isAtEnd whether it ends where the page behind it begins, else it begins where the page
  ///   before it ends
  MemorySegment allocate(long bytes, boolean isAtEnd) {
    long inner = Math.ceilDiv(bytes, NativePages.BYTES) * NativePages.BYTES;
    MemorySegment all = NativePages.map(inner + 2 * NativePages.BYTES);
    mappings.add(all);
    NativePages.protect(all.asSlice(0, NativePages.BYTES), NativePages.NO_ACCESS);
    NativePages.protect(
        all.asSlice(NativePages.BYTES + inner, NativePages.BYTES), NativePages.NO_ACCESS);
    return all.asSlice(NativePages.BYTES + (isAtEnd ? inner - bytes : 0), bytes);
  }

  @Override
  public void close() {
    mappings.forEach(NativePages::unmap);
  }
}
