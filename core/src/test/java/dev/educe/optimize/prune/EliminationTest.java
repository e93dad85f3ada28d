package dev.educe.optimize.prune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.testing.Seeded;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeded.class)
class EliminationTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 12;
  private static final int INPUTS = 200;

  @Test
  void ofTwoColumnsWithTheSameInputsOneGoesAndTheOtherDoesItsWork(Random random) {
    double[][] x = inputs(random);
    for (double[] row : x) {
      row[7] = row[3];
    }
    float[] weights = weights(random);
    var elimination = new Elimination(weights, moments(x), COLUMNS);
    int[] kept = elimination.keep(COLUMNS - 1);
    float[] left = elimination.weights();
    assertTrue(IntStream.of(kept).filter(column -> column == 3 || column == 7).count() == 1);
    int stays = IntStream.of(kept).filter(column -> column == 3 || column == 7).sum();
    int place = IntStream.range(0, kept.length).filter(i -> kept[i] == stays).sum();
    for (int row = 0; row < ROWS; row++) {
      double sum = weights[row * COLUMNS + 3] + weights[row * COLUMNS + 7];
      assertEquals(sum, left[row * kept.length + place], 0.02);
    }
  }

  /// Whatever is left, moving any weight a little must not bring the product nearer to what it was.
  @Test
  void whatIsLeftIsTheBestFit(Random random) {
    double[][] x = inputs(random);
    float[] weights = weights(random);
    var elimination = new Elimination(weights, moments(x), COLUMNS);
    int[] kept = elimination.keep(7);
    assertEquals(7, kept.length);
    float[] left = elimination.weights();
    double error = error(x, weights, kept, left);
    var unfitted = new float[ROWS * kept.length];
    for (int i = 0; i < unfitted.length; i++) {
      unfitted[i] = weights[i / kept.length * COLUMNS + kept[i % kept.length]];
    }
    assertTrue(error < error(x, weights, kept, unfitted));
    for (int i = 0; i < left.length; i++) {
      float was = left[i];
      for (float step : new float[] {-0.05f, 0.05f}) {
        left[i] = was + step;
        assertTrue(error(x, weights, kept, left) > error, "weight " + i);
      }
      left[i] = was;
    }
  }

  @Test
  void nothingIsTakenOutOfWhatIsSmallEnough(Random random) {
    float[] weights = weights(random);
    var elimination = new Elimination(weights, moments(inputs(random)), COLUMNS);
    assertArrayEquals(IntStream.range(0, COLUMNS).toArray(), elimination.keep(COLUMNS));
    assertArrayEquals(weights, elimination.weights());
  }

  /// Unlike each other in size, and each partly the one before.
  private static double[][] inputs(Random random) {
    var x = new double[INPUTS][COLUMNS];
    for (double[] row : x) {
      for (int i = 0; i < COLUMNS; i++) {
        row[i] = random.nextGaussian() + (i == 0 ? 0 : 0.7 * row[i - 1]);
      }
    }
    return x;
  }

  private static float[] weights(Random random) {
    var weights = new float[ROWS * COLUMNS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    return weights;
  }

  private static double[] moments(double[][] x) {
    var moments = new double[COLUMNS * COLUMNS];
    for (double[] row : x) {
      for (int i = 0; i < COLUMNS * COLUMNS; i++) {
        moments[i] += row[i / COLUMNS] * row[i % COLUMNS];
      }
    }
    return moments;
  }

  private static double error(double[][] x, float[] weights, int[] kept, float[] left) {
    double error = 0;
    for (double[] input : x) {
      for (int row = 0; row < ROWS; row++) {
        double difference = 0;
        for (int column = 0; column < COLUMNS; column++) {
          difference += weights[row * COLUMNS + column] * input[column];
        }
        for (int i = 0; i < kept.length; i++) {
          difference -= left[row * kept.length + i] * input[kept[i]];
        }
        error += difference * difference;
      }
    }
    return error;
  }
}
