package dev.educe.engine;

import java.util.TreeSet;

/// A tenant's requests of one priority, and how much it was served.
final class Tenant {
  final String name;
  final Level level;
  final TreeSet<Sequence> waiting = new TreeSet<>(); // the oldest first
  int running;

  /// Tokens computed for it, generated ones twice; never behind the others for the time it asked
  /// for nothing.
  double served;

  Tenant(String name, Level level) {
    this.name = name;
    this.level = level;
  }

  boolean isActive() {
    return running > 0 || !waiting.isEmpty();
  }
}
