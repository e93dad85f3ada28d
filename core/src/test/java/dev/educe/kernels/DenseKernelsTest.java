package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.educe.testing.Seeded;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Dense arithmetic in vectors has the bits of plain loops.
@ExtendWith(Seeded.class)
class DenseKernelsTest {
  private final DenseKernels scalar = new ScalarDense();
  private final DenseKernels vector = new VectorDense();

  @Test
  void tilesHaveTheSameBits(Random random) {
    for (int rows = 1; rows <= DenseKernels.TILE_ROWS; rows++) {
      for (int depth : new int[] {1, 2, 7, 128}) {
        float[] a = floats(random, 3 + 4 * depth * 5);
        float[] b = floats(random, 5 + 32 * depth);
        float[] c = floats(random, 7 + 40 * 4);
        // Rows one behind the other, and across.
        check(rows, depth, a, depth + 1, 1, b, c);
        check(rows, depth, a, 1, 5, b, c);
      }
    }
  }

  private void check(
      int rows, int depth, float[] a, int aRowStride, int aStride, float[] b, float[] c) {
    float[] expected = c.clone();
    float[] found = c.clone();
    scalar.multiplyTile(rows, depth, a, 3, aRowStride, aStride, b, 5, expected, 7, 40);
    vector.multiplyTile(rows, depth, a, 3, aRowStride, aStride, b, 5, found, 7, 40);
    assertArrayEquals(expected, found);
  }

  @Test
  void exponentialsHaveTheSameBits(Random random) {
    float[] x = floats(random, 1040);
    for (int i = 0; i < x.length; i++) {
      x[i] *= 40;
    }
    x[3] = Float.NEGATIVE_INFINITY;
    float[] expected = x.clone();
    float[] found = x.clone();
    scalar.exp(expected, 1040);
    vector.exp(found, 1040);
    assertArrayEquals(expected, found);
  }

  private static float[] floats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
