package dev.educe.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// Large zeroed memory straight from the operating system.
///
/// Unlike memory of the C library it is not written on allocation: pages are zeroed when they are
/// first touched, by the thread that touches them. Only on Linux; elsewhere there is none.
///
/// It is made of ordinary pages until huge ones are asked for: a cache of which little is used
/// would be zeroed and kept in pieces of 2 MB.
///
/// Source: `mmap(2)`, `madvise(2)`; the constants are those of all Linux architectures.
@SuppressWarnings("restricted") // this class is one of the few that may call foreign functions
final class Mapping {
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int PROT_NONE = 0;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
  private static final int MAP_FIXED = 0x10;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_COLLAPSE = 25;
  private static final long PAGE_BYTES = 4096;

  /// What the page tables of x86-64 and of most AArch64 systems map with one entry.
  static final long HUGE_PAGE_BYTES = 2 << 20;

  private static final Optional<Calls> CALLS = calls();

  private Mapping() {}

  /// Addresses are plain numbers, so that these have the types of calls made elsewhere: each type
  /// costs milliseconds to link.
  private record Calls(MethodHandle mmap, MethodHandle munmap, MethodHandle madvise) {}

  /// Memory that lives as long as the arena, if the platform gives some.
  static Optional<MemorySegment> tryMap(Arena arena, long bytes) {
    if (CALLS.isEmpty()) {
      return Optional.empty();
    }
    Calls calls = CALLS.get();
    long address = map(calls, 0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
    return address == -1
        ? Optional.empty()
        : Optional.of(borrow(arena, calls, address, bytes, address, bytes));
  }

  /// Memory as [#tryMap] gives it, which begins where a huge page may.
  static Optional<MemorySegment> tryMapAligned(Arena arena, long bytes) {
    if (CALLS.isEmpty()) {
      return Optional.empty();
    }
    Calls calls = CALLS.get();
    long all = bytes + HUGE_PAGE_BYTES;
    long address = map(calls, 0, all, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS);
    if (address == -1) {
      return Optional.empty();
    }
    long begin = Math.ceilDiv(address, HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES;
    return Optional.of(borrow(arena, calls, begin, bytes, address, all));
  }

  /// Makes what is not touched yet of huge pages; a system without them leaves it as it is.
  static void makeHuge(MemorySegment memory) {
    advise(memory, MADV_HUGEPAGE);
  }

  /// Moves memory onto a huge page, in which it stays readable; a system that cannot leaves it
  /// where it is.
  ///
  /// @param memory what fills a huge page
  static void gather(MemorySegment memory) {
    advise(memory, MADV_COLLAPSE);
  }

  /// Memory between two pages that nobody may touch, if the platform gives some: one byte too far
  /// ends the process. It ends where the last page begins, but for what its alignment takes.
  static Optional<MemorySegment> tryMapGuarded(Arena arena, long bytes, long alignment) {
    if (CALLS.isEmpty()) {
      return Optional.empty();
    }
    Calls calls = CALLS.get();
    long inner = Math.ceilDiv(bytes, PAGE_BYTES) * PAGE_BYTES;
    long all = inner + 2 * PAGE_BYTES;
    long address = map(calls, 0, all, PROT_NONE, MAP_PRIVATE_ANONYMOUS);
    if (address == -1) {
      return Optional.empty();
    }
    long first = address + PAGE_BYTES;
    if (inner > 0
        && map(calls, first, inner, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS | MAP_FIXED) == -1) {
      unmap(calls, address, all);
      return Optional.empty();
    }
    long begin = first + inner - Math.ceilDiv(bytes, alignment) * alignment;
    return Optional.of(borrow(arena, calls, begin, bytes, address, all));
  }

  private static MemorySegment borrow(
      Arena arena, Calls calls, long begin, long bytes, long address, long all) {
    return MemorySegment.ofAddress(begin)
        .reinterpret(bytes, arena, _ -> unmap(calls, address, all));
  }

  private static long map(Calls calls, long wanted, long bytes, int protection, int flags) {
    try {
      return (long) calls.mmap.invokeExact(wanted, bytes, protection, flags, -1, 0L);
    } catch (Throwable impossible) {
      throw new AssertionError("mmap has another signature than expected", impossible);
    }
  }

  private static void unmap(Calls calls, long address, long bytes) {
    try {
      int failed = (int) calls.munmap.invokeExact(address, bytes);
      assert failed == 0 : "munmap refused %d bytes at %#x".formatted(bytes, address);
    } catch (Throwable impossible) {
      throw new AssertionError("munmap has another signature than expected", impossible);
    }
  }

  private static void advise(MemorySegment memory, int advice) {
    MethodHandle madvise = CALLS.orElseThrow().madvise;
    try {
      int _ = (int) madvise.invokeExact(memory.address(), memory.byteSize(), advice);
    } catch (Throwable impossible) {
      throw new AssertionError("madvise has another signature than expected", impossible);
    }
  }

  private static Optional<Calls> calls() {
    if (!System.getProperty("os.name").equals("Linux")
        || !Mapping.class.getModule().isNativeAccessEnabled()) {
      return Optional.empty();
    }
    var linker = Linker.nativeLinker();
    var lookup = linker.defaultLookup();
    var size = ValueLayout.JAVA_LONG;
    var word = ValueLayout.JAVA_INT;
    return Optional.of(
        new Calls(
            call(
                linker,
                lookup,
                "mmap",
                FunctionDescriptor.of(size, size, size, word, word, word, size)),
            call(linker, lookup, "munmap", FunctionDescriptor.of(word, size, size)),
            call(linker, lookup, "madvise", FunctionDescriptor.of(word, size, size, word))));
  }

  private static MethodHandle call(
      Linker linker, SymbolLookup lookup, String name, FunctionDescriptor descriptor) {
    return linker.downcallHandle(lookup.findOrThrow(name), descriptor);
  }
}
