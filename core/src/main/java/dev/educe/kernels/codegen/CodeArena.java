package dev.educe.kernels.codegen;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/// Executable memory: written first, then made read-execute, never both at once.
///
/// Each piece of code has pages of its own, so that nothing that runs is ever writable again.
/// Whoever opens an arena closes it, when no thread can be inside its code any more. Thread-safe.
///
/// With `-Deduce.kernels.dump=DIR` each piece is also written to `DIR/NAME.bin`, to be read with
///
///     objdump -D -b binary -m i386:x86-64 -M intel DIR/NAME.bin
///
/// The constants behind the last `ret` show up as nonsense instructions there.
final class CodeArena implements AutoCloseable {
  /// The property that names the directory for dumps.
  static final String DUMP = "educe.kernels.dump";

  private static final AtomicInteger OPEN = new AtomicInteger();

  private final List<MemorySegment> pieces = new ArrayList<>();
  private long bytes;
  private boolean isClosed;

  CodeArena() {
    NativePages.whyUnavailable()
        .ifPresent(why -> {
          throw new UnsupportedOperationException(why);
        });
    OPEN.incrementAndGet();
  }

  /// Why no code can be generated here, if it cannot: in one sentence.
  static Optional<String> whyUnavailable() {
    return NativePages.whyUnavailable().or(CodeArena::probe);
  }

  /// Some systems forbid that a page ever becomes executable.
  private static Optional<String> probe() {
    Assembler a = new Assembler();
    a.ret();
    try (CodeArena arena = new CodeArena()) {
      arena.add("probe", a);
      return Optional.empty();
    } catch (IllegalStateException e) {
      return Optional.of("no code can be generated: " + e.getMessage());
    }
  }

  /// How many arenas of this process are open; tests end with none of theirs left.
  static int openArenas() {
    return OPEN.get();
  }

  /// Makes code callable.
  ///
  /// @param name of the dump
  /// @return its first instruction, valid until the arena closes
  synchronized MemorySegment add(String name, Assembler assembler) {
    if (isClosed) {
      throw new IllegalStateException("the arena is closed");
    }
    byte[] code = assembler.finish();
    MemorySegment pages = NativePages.map(code.length);
    try {
      MemorySegment.copy(MemorySegment.ofArray(code), 0, pages, 0, code.length);
      NativePages.protect(pages, NativePages.READ | NativePages.EXECUTE);
    } catch (IllegalStateException e) {
      NativePages.unmap(pages);
      throw e;
    }
    pieces.add(pages);
    bytes += pages.byteSize();
    dump(name, code);
    return pages.asReadOnly();
  }

  /// Bytes of pages held.
  synchronized long bytes() {
    return bytes;
  }

  /// Returns all pages; a second call does nothing.
  @Override
  public synchronized void close() {
    if (!isClosed) {
      isClosed = true;
      pieces.forEach(NativePages::unmap);
      bytes = 0;
      OPEN.decrementAndGet();
    }
  }

  private static void dump(String name, byte[] code) {
    String directory = System.getProperty(DUMP, "");
    if (directory.isEmpty()) {
      return;
    }
    try {
      Files.createDirectories(Path.of(directory));
      Files.write(Path.of(directory, name + ".bin"), code);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write the dump of " + name, e);
    }
  }
}
