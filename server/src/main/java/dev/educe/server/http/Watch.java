package dev.educe.server.http;

/// Interrupts the thread of a request whose client leaves before there is anything to send: what
/// takes long then, as the compilation of a grammar, ends for that.
///
/// Until it is over, nobody else may use the connection.
final class Watch {
  private final Thread thread = Thread.currentThread();
  private final Wire wire;
  private final Pulse pulse;
  private boolean isOver;
  private boolean hasLeft;

  /// Begins, for the current thread.
  Watch(Wire wire) {
    this.wire = wire;
    this.pulse = new Pulse(this::look);
  }

  private synchronized void look() {
    if (!isOver && !hasLeft && wire.isGone()) {
      hasLeft = true;
      thread.interrupt();
    }
  }

  /// Ends, on the thread that it began on, which is not interrupted by it afterwards.
  ///
  /// @return whether the client has left meanwhile
  synchronized boolean end() {
    isOver = true;
    pulse.close();
    if (hasLeft) {
      Thread.interrupted(); // files that are written next would be closed
    }
    return hasLeft;
  }
}
