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
/// Huge pages are not asked for. Matrices and caches are read from one end to the other, which is
/// as fast on small pages, while a cache of which little is used would be zeroed and kept in pieces
/// of 2 MB; and on virtual machines that return free memory, zeroing a huge page takes up to three
/// times as long as zeroing 512 small ones.
///
/// Source: `mmap(2)`; the constants are those of all Linux architectures.
@SuppressWarnings("restricted") // this class is one of the few that may call foreign functions
final class Mapping {
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE_ANONYMOUS = 0x2 | 0x20;
  private static final Optional<Calls> CALLS = calls();

  private Mapping() {}

  /// Addresses are plain numbers, so that these have the types of calls made elsewhere: each type
  /// costs milliseconds to link.
  private record Calls(MethodHandle mmap, MethodHandle munmap) {}

  /// Memory that lives as long as the arena, if the platform gives some.
  static Optional<MemorySegment> tryMap(Arena arena, long bytes) {
    if (CALLS.isEmpty()) {
      return Optional.empty();
    }
    Calls calls = CALLS.get();
    try {
      long address =
          (long) calls.mmap.invokeExact(0L, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0L);
      if (address == -1) {
        return Optional.empty();
      }
      return Optional.of(
          MemorySegment.ofAddress(address)
              .reinterpret(bytes, arena, mapped -> unmap(calls, mapped, bytes)));
    } catch (Throwable impossible) {
      throw new AssertionError("mmap has another signature than expected", impossible);
    }
  }

  private static void unmap(Calls calls, MemorySegment mapped, long bytes) {
    try {
      int failed = (int) calls.munmap.invokeExact(mapped.address(), bytes);
      assert failed == 0 : "munmap refused " + mapped;
    } catch (Throwable impossible) {
      throw new AssertionError("munmap has another signature than expected", impossible);
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
            call(linker, lookup, "munmap", FunctionDescriptor.of(word, size, size))));
  }

  private static MethodHandle call(
      Linker linker, SymbolLookup lookup, String name, FunctionDescriptor descriptor) {
    return linker.downcallHandle(lookup.findOrThrow(name), descriptor);
  }
}
