package dev.educe.optimize.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class DivergenceTest {
  /// Of (1/2, 1/2) from (1/4, 3/4): half of ln 2 and half of ln 2/3.
  @Test
  void itIsThatOfTheFormula() {
    var divergence = new Divergence();
    divergence.add(new float[] {5, 5}, new float[] {0, (float) Math.log(3)});
    assertEquals(0.5 * Math.log(2) + 0.5 * Math.log(2 / 3.0), divergence.mean(), 1e-6);
    assertEquals(0, divergence.agreement());
  }

  @Test
  void quantilesAreThoseOfThePositions() {
    var divergence = new Divergence();
    for (int i = 0; i < 100; i++) {
      divergence.add(new float[] {0, 9}, new float[] {i % 10, 9});
    }
    assertEquals(0, divergence.quantile(0.1), 1e-9);
    assertEquals(divergence.quantile(0.95), divergence.quantile(1));
    assertEquals(0.9, divergence.agreement()); // of equals, the lower id is likeliest
    assertThrows(IllegalArgumentException.class, () -> divergence.quantile(0));
  }
}
