package dev.educe.server;

import java.util.Random;

/// What a random test draws from: `-Dtests.seed` in hexadecimal, or any.
record Seed(long value) {
  static Seed given() {
    String given = System.getProperty("tests.seed", "");
    return new Seed(given.isEmpty() ? System.nanoTime() : Long.parseUnsignedLong(given, 16));
  }

  Random random() {
    return new Random(value);
  }

  /// How to draw the same again.
  @Override
  public String toString() {
    return "-Dtests.seed=" + Long.toHexString(value);
  }
}
