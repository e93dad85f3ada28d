package dev.educe.platform;

/// Says that memory was asked for beyond the budget, with the sums.
public final class MemoryBudgetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MemoryBudgetException(String owner, long wanted, long held, long bytesMax) {
    super(
        "%s needs %,d bytes, but of the memory budget of %,d bytes only %,d are free"
            .formatted(owner, wanted, bytesMax, bytesMax - held));
  }
}
