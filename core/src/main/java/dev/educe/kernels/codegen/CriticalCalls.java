package dev.educe.kernels.codegen;

/// How much a critical call may do: it keeps the garbage collector, and all who want every thread
/// to stop, waiting until it returns.
final class CriticalCalls {
  /// Multiply-adds of a call, at most: some 0.1 ms of them.
  static final long MULTIPLIES_MAX = 1L << 24;

  /// Elements of a row that a call takes whole, at most; none costs more than some sixty
  /// operations.
  static final int ELEMENTS_MAX = 1 << 18;

  private CriticalCalls() {}
}
