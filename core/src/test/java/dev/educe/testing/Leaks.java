package dev.educe.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.format.Gguf;
import dev.educe.platform.Region;
import org.junit.jupiter.api.function.Executable;

/// Runs a piece of code and fails when it leaves something open, by kind.
///
/// The counters are of the whole process, so tests that use this must not run beside others.
public final class Leaks {
  private Leaks() {}

  /// @param code must return normally; a failure expected of it is asserted inside
  public static void assertNoLeaks(Executable code) throws Throwable {
    int regions = Region.openRegions();
    int files = Gguf.openFiles();
    code.execute();
    assertEquals(0, Region.openRegions() - regions, "regions of memory left open");
    assertEquals(0, Gguf.openFiles() - files, "model files left open");
  }
}
