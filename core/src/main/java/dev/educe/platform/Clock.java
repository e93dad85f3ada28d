package dev.educe.platform;

/// Tells how much time has passed. Tests give one that stands still until it is told to go on.
@FunctionalInterface
public interface Clock {
  /// Nanoseconds since some fixed moment; never goes back. Thread-safe.
  long nanos();

  /// The machine's.
  static Clock system() {
    return System::nanoTime;
  }
}
