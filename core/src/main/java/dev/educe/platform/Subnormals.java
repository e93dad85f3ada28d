package dev.educe.platform;

/// Sees to it that a thread keeps subnormal numbers, without which results would differ.
///
/// A native library that switches a thread's floating-point mode changes arithmetic without a word.
public final class Subnormals {
  // Volatile, so that the compiler cannot do the division itself.
  private static volatile float smallestNormal = Float.MIN_NORMAL;

  private Subnormals() {}

  /// Every thread that computes calls it before it does.
  ///
  /// @throws IllegalStateException if the calling thread flushes them to zero
  public static void check() {
    check(smallestNormal / 2);
  }

  static void check(float half) {
    if (half == 0f) {
      throw new IllegalStateException(
          "thread "
              + Thread.currentThread().getName()
              + " flushes subnormal numbers to zero, which changes results; do not load the native"
              + " library that switched its floating-point mode");
    }
  }
}
