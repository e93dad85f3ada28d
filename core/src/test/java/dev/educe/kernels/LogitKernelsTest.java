package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.testing.Seeded;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Vectors give the bits of the plain loops, which do what their names say.
@Tag("kernels")
@ExtendWith(Seeded.class)
class LogitKernelsTest {
  private static final int[] SIZES = {
    1, 2, 7, 15, 16, 17, 100, 1_023, 1_024, 1_025, 2_048, 4_098, 32_003
  };

  private final LogitKernels scalar = new ScalarLogits();
  private final LogitKernels vector = new VectorLogits();

  @Test
  void maximaAreThoseOfTheGroups(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      var expected = new float[LogitKernels.groups(n)];
      Arrays.fill(expected, Float.NEGATIVE_INFINITY);
      for (int block = 0; block < expected.length / 16; block++) {
        for (int i = 1_024 * block; i < Math.min(n, 1_024 * (block + 1)); i++) {
          int group = 16 * block + i % 16;
          expected[group] = Math.max(expected[group], x[i]);
        }
      }
      assertArrayEquals(expected, maxima(scalar, x), 0f);
      assertArrayEquals(expected, maxima(vector, x), 0f);
    }
  }

  @Test
  void aNanShowsInItsGroup(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      int at = random.nextInt(n);
      x[at] = Float.NaN;
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        float[] maxima = maxima(kernels, x);
        for (int group = 0; group < maxima.length; group++) {
          boolean isIts = group == at / 1_024 * 16 + at % 16;
          assertEquals(isIts, Float.isNaN(maxima[group]), "group " + group + " of " + n);
        }
      }
    }
  }

  @Test
  void exponentialsHaveTheBitsOfTheOne(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      int from = random.nextInt(Math.min(n, 5));
      int count = n - from;
      float divisor = 0.1f + random.nextFloat();
      var expected = new float[count + 16];
      var actual = new float[count + 16];
      scalar.exponentials(x, from, count, 20, divisor, expected);
      vector.exponentials(x, from, count, 20, divisor, actual);
      for (int i = 0; i < count; i++) {
        float one = Exponential.exp((x[from + i] - 20) / divisor);
        assertEquals(Float.floatToIntBits(one), Float.floatToIntBits(expected[i]));
        assertEquals(Float.floatToIntBits(one), Float.floatToIntBits(actual[i]));
      }
    }
  }

  @Test
  void excludedIsWhatIsNotAtLeast(Random random) {
    for (int n : SIZES) {
      int offset = random.nextInt(5);
      float[] numbers = row(n, random);
      int from = random.nextInt(n);
      int to = from + random.nextInt(n - from + 1);
      float least = random.nextBoolean() ? numbers[random.nextInt(n)] : random.nextFloat();
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        float[] x = row(offset + n, random);
        float[] before = x.clone();
        int left = 0;
        int counted = kernels.exclude(x, offset, numbers, from, to, least);
        for (int i = 0; i < x.length; i++) {
          boolean isLooked = i - offset >= from && i - offset < to;
          boolean stays = isLooked && numbers[i - offset] >= least;
          left += stays ? 1 : 0;
          assertEquals(isLooked && !stays ? Float.NEGATIVE_INFINITY : before[i], x[i], 0f);
        }
        assertEquals(left, counted);
      }
    }
  }

  /// Ties, both zeros and excluded tokens among numbers.
  private static float[] row(int n, Random random) {
    var x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] =
          switch (random.nextInt(6)) {
            case 0 -> random.nextInt(3) - 1;
            case 1 -> -0f;
            case 2 -> Float.NEGATIVE_INFINITY;
            default -> (float) (random.nextGaussian() * 8);
          };
    }
    return x;
  }

  private static float[] maxima(LogitKernels kernels, float[] x) {
    var maxima = new float[LogitKernels.groups(x.length)];
    Arrays.fill(maxima, 1e9f); // what was there before does not count
    kernels.maxima(x, x.length, maxima);
    return maxima;
  }
}
