package dev.educe.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/// Memory on huge pages, where the system has them: pieces cut one behind the other from slabs.
///
/// A huge page may be had at once; or it takes milliseconds, where the host of a virtual machine
/// must find the memory first. Then the slab begins on ordinary pages, so that nobody waits, and
/// [#gather] moves it. Thread-safe.
final class Slabs implements AutoCloseable {
  private static final long PAGE_BYTES = Mapping.HUGE_PAGE_BYTES;

  // Of each, at most one huge page is in use for nothing.
  private static final long SLAB_BYTES = 32 * PAGE_BYTES;

  // Zeroing 2 MB takes a tenth of this, waiting for the host several times as long.
  private static final long QUICK_NANOS = 1_000_000;

  // A page is moved in a third of the time: who reads it meanwhile waits.
  private static final int RESTS = 2;

  private final Arena arena;
  private final List<MemorySegment> ordinary = new ArrayList<>(); // what is to be moved
  private MemorySegment slab = MemorySegment.NULL; // the last
  private boolean isHuge; // the last
  private long used; // bytes of the last
  private boolean closed;

  /// @param arena as long as which the memory lives
  Slabs(Arena arena) {
    this.arena = arena;
  }

  /// Zeroed memory that begins at a multiple of [Region#ALIGNMENT], if the platform gives some.
  synchronized Optional<MemorySegment> cut(long bytes) {
    if (bytes > slab.byteSize() - used) {
      long whole = Math.ceilDiv(bytes, PAGE_BYTES) * PAGE_BYTES;
      var next = Mapping.tryMapAligned(arena, Math.max(whole, SLAB_BYTES));
      if (next.isEmpty()) {
        return next;
      }
      finish();
      slab = next.get();
      used = 0;
      isHuge = bytes >= PAGE_BYTES && isQuick(slab.asSlice(0, PAGE_BYTES));
      if (isHuge) {
        Mapping.makeHuge(slab);
      }
    }
    MemorySegment piece = slab.asSlice(used, bytes);
    used =
        Math.min(slab.byteSize(), used + Math.ceilDiv(bytes, Region.ALIGNMENT) * Region.ALIGNMENT);
    return Optional.of(piece);
  }

  private static boolean isQuick(MemorySegment page) {
    Mapping.makeHuge(page);
    long start = System.nanoTime();
    page.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
    return System.nanoTime() - start < QUICK_NANOS;
  }

  private void finish() {
    if (!isHuge && used >= PAGE_BYTES) {
      ordinary.add(slab.asSlice(0, used));
    }
  }

  /// Begins to move what lies on ordinary pages, in the background, while it is read. Called once
  /// when all is written.
  synchronized void gather() {
    finish();
    if (!ordinary.isEmpty()) {
      List<MemorySegment> moved = List.copyOf(ordinary);
      var thread = new Thread(() -> moved.forEach(this::gather), "educe-pages");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void gather(MemorySegment memory) {
    for (long at = 0; at + PAGE_BYTES <= memory.byteSize(); at += PAGE_BYTES) {
      long start = System.nanoTime();
      synchronized (this) {
        if (closed) {
          return;
        }
        Mapping.gather(memory.asSlice(at, PAGE_BYTES));
      }
      LockSupport.parkNanos(RESTS * (System.nanoTime() - start));
    }
  }

  /// Moves nothing any more; only now may the memory be freed.
  @Override
  public synchronized void close() {
    closed = true;
  }
}
