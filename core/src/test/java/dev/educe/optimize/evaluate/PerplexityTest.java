package dev.educe.optimize.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class PerplexityTest {
  @Test
  void evenLogitsArePerplexedByTheirNumber() {
    var perplexity = new Perplexity();
    for (int token = 0; token < 10; token++) {
      perplexity.add(new float[10], token);
    }
    assertEquals(10, perplexity.value(), 1e-6);
    assertEquals(0, perplexity.error(), 1e-6);
    assertEquals(10, perplexity.count());
  }

  /// Surprises of ln 2 and ln 8: the mean is ln 4, the spread ln 2, its error over √(2 − 1).
  @Test
  void theErrorIsThatOfTheMean() {
    var perplexity = new Perplexity();
    float[] logits = {(float) Math.log(4), 0, (float) Math.log(3)};
    perplexity.add(logits, 0);
    perplexity.add(logits, 1);
    assertEquals(4, perplexity.value(), 1e-5);
    assertEquals(4 * Math.log(2), perplexity.error(), 1e-5);
  }
}
