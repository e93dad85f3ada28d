package dev.educe.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/// Some lives of an engine; `./dev simulate` plays more.
class SimulationTest {
  // Found within a tenth of this, each.
  private static final int SEEDS_TO_FIND_A_FAULT = 400;

  @Test
  void everybodyIsAnsweredAndNothingIsLost() throws InterruptedException {
    assertEquals(Map.of(), Simulate.failures(1, 800, Plant.NONE));
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "NONE")
  void aFaultIsFound(Plant plant) throws InterruptedException {
    var found = Simulate.failures(1, SEEDS_TO_FIND_A_FAULT, plant);
    assertFalse(found.isEmpty(), plant + " was not noticed");
  }
}
