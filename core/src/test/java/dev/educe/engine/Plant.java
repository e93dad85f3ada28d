package dev.educe.engine;

/// A fault that is put into a simulation to see whether it is found.
enum Plant {
  /// Nothing is wrong.
  NONE,
  /// Somebody takes a page and never returns it.
  PAGE_LEAK,
  /// A consumer makes room and the engine is not woken.
  LOST_WAKEUP,
  /// Pages computed with other weights are taken for the same.
  WRONG_PREFIX,
  /// A tenant is always thought to have been served more than the others.
  STARVED_TENANT;

  /// The one that `-Dplant=page-leak` asks for.
  static Plant asked() {
    return valueOf(
        System.getProperty("plant", "none").replace('-', '_').toUpperCase(java.util.Locale.ROOT));
  }
}
