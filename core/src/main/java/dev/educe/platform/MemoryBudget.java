package dev.educe.platform;

import java.util.concurrent.atomic.AtomicLong;

/// How much off-heap memory one process may hold, and how much of it is held now.
///
/// Every [Region] takes its bytes from a budget before it touches them, so that a model that does
/// not fit is refused with the sums and nothing is half loaded. Thread-safe.
public final class MemoryBudget {
  private final long bytesMax;
  private final AtomicLong bytes = new AtomicLong();

  private MemoryBudget(long bytesMax) {
    this.bytesMax = bytesMax;
  }

  /// @param bytesMax how many bytes all regions together may hold
  /// @throws IllegalArgumentException if it is negative
  public static MemoryBudget of(long bytesMax) {
    if (bytesMax < 0) {
      throw new IllegalArgumentException("bytesMax must not be negative, got " + bytesMax);
    }
    return new MemoryBudget(bytesMax);
  }

  /// A budget that only counts.
  public static MemoryBudget unlimited() {
    return new MemoryBudget(Long.MAX_VALUE);
  }

  /// Bytes held now.
  public long bytes() {
    return bytes.get();
  }

  /// Bytes that may be held at most.
  public long bytesMax() {
    return bytesMax;
  }

  /// Makes sure, before anything is allocated, that so much would fit; takes nothing.
  ///
  /// @param plan what the memory is for, with the sums: "weights of 700 MB and a KV cache of 200
  ///   MB"
  /// @throws MemoryBudgetException if it would not
  public void check(String plan, long wanted) {
    long held = bytes.get();
    if (wanted > bytesMax - held) {
      throw new MemoryBudgetException(plan, wanted, held, bytesMax);
    }
  }

  void take(String owner, long wanted) {
    long held;
    do {
      held = bytes.get();
      if (wanted > bytesMax - held) {
        throw new MemoryBudgetException(owner, wanted, held, bytesMax);
      }
    } while (!bytes.compareAndSet(held, held + wanted));
  }

  void give(long returned) {
    long left = bytes.addAndGet(-returned);
    assert left >= 0 : "more memory was returned than was taken: " + left;
  }
}
