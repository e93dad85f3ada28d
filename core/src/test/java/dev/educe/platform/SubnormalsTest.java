package dev.educe.platform;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// A thread with another floating-point mode is named, and an ordinary one passes.
class SubnormalsTest {
  @Test
  void aThreadThatKeepsThemPasses() {
    assertDoesNotThrow(() -> Subnormals.check());
  }

  @Test
  void aThreadThatFlushesThemIsNamed() {
    var failure = assertThrows(IllegalStateException.class, () -> Subnormals.check(0f));
    assertTrue(failure.getMessage().contains(Thread.currentThread().getName()));
  }
}
