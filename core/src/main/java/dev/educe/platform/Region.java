package dev.educe.platform;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// Off-heap memory of one owner: allocated piece by piece, freed all at once.
///
/// Whoever opens a region closes it; whoever is handed a segment borrows it until then. Segments
/// may be used from any thread. Allocation is thread-safe.
///
/// With `-Deduce.memory.guarded=true`, on Linux, each piece lies between two pages that nobody may
/// touch, so that generated code that leaves its operands ends the process there and then.
public final class Region implements AutoCloseable {
  /// Every piece begins on a cache line, which is also the widest vector.
  public static final long ALIGNMENT = 64;

  /// The system property that puts pieces between protected pages.
  public static final String GUARDED_PROPERTY = "educe.memory.guarded";

  /// The system property that keeps [#openHuge] from huge pages: `false`.
  public static final String HUGE_PROPERTY = "educe.memory.huge";

  // From here on, memory that is only zeroed when it is touched is worth a system call.
  private static final long MAPPED_BYTES_MIN = 2 << 20;

  private static final AtomicInteger OPEN = new AtomicInteger();

  private final String owner;
  private final MemoryBudget budget;
  private final boolean isGuarded = Boolean.getBoolean(GUARDED_PROPERTY);
  private final Arena arena = Arena.ofShared();
  private final Optional<Slabs> slabs;
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicBoolean closed = new AtomicBoolean();

  private Region(String owner, MemoryBudget budget, boolean isHuge) {
    this.owner = owner;
    this.budget = budget;
    this.slabs = isHuge ? Optional.of(new Slabs(arena)) : Optional.empty();
    OPEN.incrementAndGet();
  }

  /// @param owner what the memory is for, as it appears in messages: "KV cache"
  public static Region open(String owner, MemoryBudget budget) {
    return new Region(owner, budget, false);
  }

  /// A region on huge pages, where the system has them: for what is written whole and then read
  /// again and again. Once it is written, [#gather] is due.
  ///
  /// @param owner what the memory is for, as it appears in messages: "weights"
  public static Region openHuge(String owner, MemoryBudget budget) {
    String allowed = System.getProperty(HUGE_PROPERTY, "true");
    return new Region(owner, budget, Boolean.parseBoolean(allowed));
  }

  /// How many regions of this process are open; tests end with none left.
  public static int openRegions() {
    return OPEN.get();
  }

  /// Zeroed memory that begins at a multiple of [#ALIGNMENT].
  ///
  /// @throws MemoryBudgetException if the budget does not hold so many bytes
  /// @throws IllegalArgumentException if `wanted` is negative
  public MemorySegment allocate(long wanted) {
    if (wanted < 0) {
      throw new IllegalArgumentException("bytes must not be negative, got " + wanted);
    }
    budget.take(owner, wanted);
    bytes.addAndGet(wanted);
    if (isGuarded) {
      return Mapping.tryMapGuarded(arena, wanted, ALIGNMENT).orElseGet(() -> plain(wanted));
    }
    if (slabs.isPresent()) {
      return slabs.get().cut(wanted).orElseGet(() -> plain(wanted));
    }
    return wanted < MAPPED_BYTES_MIN
        ? plain(wanted)
        : Mapping.tryMap(arena, wanted).orElseGet(() -> plain(wanted));
  }

  private MemorySegment plain(long wanted) {
    return arena.allocate(wanted, ALIGNMENT);
  }

  /// Moves to huge pages, in the background, what could not be had on them at once; nothing if the
  /// region is not for those. To be called once.
  public void gather() {
    slabs.ifPresent(Slabs::gather);
  }

  /// Bytes allocated so far.
  public long bytes() {
    return bytes.get();
  }

  /// Frees everything; a second call does nothing.
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      slabs.ifPresent(Slabs::close);
      arena.close();
      budget.give(bytes.get());
      OPEN.decrementAndGet();
    }
  }
}
