package dev.educe.kernels.codegen;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/// Pages of memory with a chosen protection: all that is asked of the operating system.
///
/// Linux only; another system needs another class of this shape.
final class NativePages {
  /// Bytes of a page.
  static final long BYTES = 4096;

  static final int NO_ACCESS = 0;
  static final int READ = 1;
  static final int WRITE = 2;
  static final int EXECUTE = 4;

  private static final int PRIVATE_ANONYMOUS = 0x22;
  private static final long FAILED = -1;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MethodHandle MMAP =
      handle(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MPROTECT =
      handle(
          "mprotect",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));
  private static final MethodHandle MUNMAP =
      handle(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));

  private NativePages() {}

  /// Why there is no such memory here, if there is none.
  static Optional<String> whyUnavailable() {
    String system = System.getProperty("os.name");
    String processor = System.getProperty("os.arch");
    if (!system.equals("Linux") || !processor.equals("amd64")) {
      return Optional.of(
          "code is generated on Linux with x86-64 only, this is %s with %s"
              .formatted(system, processor));
    }
    return Optional.empty();
  }

  /// New zeroed pages that can be read and written, at least so many bytes.
  @SuppressWarnings("restricted")
  static MemorySegment map(long bytes) {
    long wanted = Math.ceilDiv(bytes, BYTES) * BYTES;
    long address =
        call(() -> (long) MMAP.invokeExact(0L, wanted, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0L));
    if (address == FAILED) {
      throw new IllegalStateException("the system gives no %,d bytes of pages".formatted(wanted));
    }
    return MemorySegment.ofAddress(address).reinterpret(wanted);
  }

  /// Changes what may be done with whole pages.
  static void protect(MemorySegment pages, int access) {
    long failed = call(() -> (int) MPROTECT.invokeExact(pages.address(), pages.byteSize(), access));
    if (failed != 0) {
      throw new IllegalStateException(
          "the system does not let pages change their protection to " + access);
    }
  }

  /// Returns pages; nobody may use them any more.
  static void unmap(MemorySegment pages) {
    long failed = call(() -> (int) MUNMAP.invokeExact(pages.address(), pages.byteSize()));
    assert failed == 0 : "pages were returned that are not ours: " + pages;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle handle(String name, FunctionDescriptor type) {
    return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type);
  }

  private interface NativeCall {
    long run() throws Throwable;
  }

  private static long call(NativeCall call) {
    try {
      return call.run();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native function throws nothing", e);
    }
  }
}
