package dev.educe.platform;

import java.util.Locale;

/// Says that memory was asked for beyond the budget, with the sums.
public final class MemoryBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MemoryBudgetException(String owner, long wanted, long held, long bytesMax) {
    super(
        String.format(
            Locale.ROOT,
            "%s needs %,d bytes, but of the memory budget of %,d bytes only %,d are free",
            owner,
            wanted,
            bytesMax,
            bytesMax - held));
  }
}
