package dev.educe.grammar;

import java.util.concurrent.CancellationException;

/// Lets whoever asked for a grammar give up while it is being compiled.
final class Interruption {
  private Interruption() {}

  /// @throws CancellationException if the thread was interrupted; it stays so
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("the grammar's compilation was interrupted");
    }
  }
}
