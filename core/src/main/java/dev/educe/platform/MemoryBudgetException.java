package dev.educe.platform;

import java.util.Locale;

/// Says that memory was asked for beyond the budget, with the sums.
public final class MemoryBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final long wanted;
  private final long held;
  private final long bytesMax;

  MemoryBudgetException(String owner, long wanted, long held, long bytesMax) {
    this(
        String.format(
            Locale.ROOT,
            "%s needs %,d bytes, but of the memory budget of %,d bytes only %,d are free",
            owner,
            wanted,
            bytesMax,
            bytesMax - held),
        wanted,
        held,
        bytesMax,
        null);
  }

  private MemoryBudgetException(
      String message, long wanted, long held, long bytesMax, Throwable cause) {
    super(message, cause);
    this.wanted = wanted;
    this.held = held;
    this.bytesMax = bytesMax;
  }

  /// The same, with who holds the rest.
  public MemoryBudgetException with(String holders) {
    return new MemoryBudgetException(getMessage() + "; " + holders, wanted, held, bytesMax, this);
  }

  /// Bytes that were asked for.
  public long wanted() {
    return wanted;
  }

  /// Bytes that were free.
  public long free() {
    return bytesMax - held;
  }
}
