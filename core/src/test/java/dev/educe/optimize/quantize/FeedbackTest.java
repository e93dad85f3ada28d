package dev.educe.optimize.quantize;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(Seeded.class)
class FeedbackTest {
  private static final int COLUMNS = 256;
  private static final int ROWS = 70;

  /// Mean products of inputs that are mixtures of few sources, and a little of their own.
  private static double[] moments(Random random) {
    var moments = new double[COLUMNS * COLUMNS];
    int sources = 60;
    var mixing = new double[COLUMNS][sources];
    for (double[] row : mixing) {
      for (int i = 0; i < sources; i++) {
        row[i] = random.nextGaussian();
      }
    }
    for (int i = 0; i < COLUMNS; i++) {
      for (int k = 0; k < COLUMNS; k++) {
        double product = i == k ? 5 : 0;
        for (int source = 0; source < sources; source++) {
          product += mixing[i][source] * mixing[k][source];
        }
        moments[i * COLUMNS + k] = product;
      }
    }
    return moments;
  }

  /// The expected squared error of the output.
  private static double outputError(float[] x, float[] y, double[] moments) {
    double sum = 0;
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < COLUMNS; i++) {
        double rest = (double) x[row * COLUMNS + i] - y[row * COLUMNS + i];
        for (int k = 0; k < COLUMNS; k++) {
          double other = (double) x[row * COLUMNS + k] - y[row * COLUMNS + k];
          sum += rest * moments[i * COLUMNS + k] * other;
        }
      }
    }
    return sum;
  }

  private static float[] decode(DType type, byte[] bytes) {
    var y = new float[ROWS * COLUMNS];
    RowReader.decode(type, MemorySegment.ofArray(bytes), ROWS, COLUMNS, y);
    return y;
  }

  private static float[] weights(Random random) {
    var x = new float[ROWS * COLUMNS];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return x;
  }

  /// Where inputs go together, the output is much nearer than by rounding each weight on its own.
  @ParameterizedTest
  @EnumSource(names = {"Q8_0", "Q6_K", "Q4_K", "Q4_0", "IQ4_NL", "IQ4_XS", "MXFP4", "Q3_K", "Q2_K"})
  void correlatedColumnsMakeUpForEachOther(DType type, Random random) {
    double[] moments = moments(random);
    float[] x = weights(random);
    var bytes = new byte[(int) (ROWS * type.rowBytes(COLUMNS))];
    RowEncoder.of(type, COLUMNS).encode(x, ROWS, bytes);
    double alone = outputError(x, decode(type, bytes), moments);
    var feedback = Feedback.of(moments.clone()).orElseThrow();
    new FeedbackEncoder(type, List.of(feedback)).encode(x, ROWS, bytes);
    double together = outputError(x, decode(type, bytes), moments);
    assertTrue(together < 0.6 * alone, type + ": " + together + " against " + alone);
  }

  /// Inputs that have nothing to do with each other change nothing.
  @Test
  void withoutCorrelationsItIsTheWeightedEncoder(Random random) {
    float[] x = weights(random);
    var moments = new double[COLUMNS * COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
      moments[i * COLUMNS + i] = 0.5 + random.nextDouble();
    }
    var feedback = Feedback.of(moments).orElseThrow();
    for (DType type : List.of(DType.Q4_K, DType.Q5_0)) {
      var expected = new byte[(int) (ROWS * type.rowBytes(COLUMNS))];
      RowEncoder.of(type, feedback.importance()).encode(x, ROWS, expected);
      var bytes = new byte[expected.length];
      new FeedbackEncoder(type, List.of(feedback)).encode(x, ROWS, bytes);
      assertArrayEquals(expected, bytes);
    }
  }

  /// What is taken from the columns behind is the least-squares answer, computed here otherwise.
  @Test
  void theLastButOneColumnLeansOnTheLast() {
    double[] moments = {4, 1.2, 1.2, 9};
    var feedback = Feedback.of(moments.clone()).orElseThrow();
    double damping = 0.01 * 6.5;
    assertEquals(-1.2 / (9 + damping), feedback.spread()[0][1], 1e-6);
    assertTrue(Feedback.of(new double[4]).isEmpty());
  }
}
