package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.testing.Seeded;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
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
      float divisor = random.nextInt(3) == 0 ? 1 : 0.1f + random.nextFloat();
      var expected = new float[n + 16];
      var actual = new float[n + 16];
      scalar.exponentials(x, from, n, 20, divisor, expected);
      vector.exponentials(x, from, n, 20, divisor, actual);
      for (int i = from; i < n; i++) {
        float one = Exponential.exp((x[i] - 20) / divisor);
        assertEquals(Float.floatToIntBits(one), Float.floatToIntBits(expected[i]));
        assertEquals(Float.floatToIntBits(one), Float.floatToIntBits(actual[i]));
      }
    }
  }

  @Test
  void weightsAreWholeParts(Random random) {
    for (int n : SIZES) {
      float[] powers = powers(n, random);
      int from = random.nextInt(Math.min(n, 5));
      var expected = new long[n - from];
      long sum = 0;
      for (int i = from; i < n; i++) {
        expected[i - from] = (long) Math.floor(powers[i] * 0x1p40);
        sum += expected[i - from];
      }
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        var parts = new long[n - from];
        assertEquals(sum, kernels.weigh(powers, from, n, parts));
        assertArrayEquals(expected, parts);
      }
    }
  }

  @Test
  void sumsOfExponentsAreExact(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      var powers = new float[n];
      float shift = random.nextBoolean() ? 30 : 1e-6f;
      int from = random.nextInt(n);
      int to = from + random.nextInt(Math.min(LogitKernels.BLOCK, n - from) + 1);
      float divisor = random.nextBoolean() ? 1 : 0.1f + random.nextFloat();
      var sum = BigDecimal.ZERO;
      for (int i = from; i < to; i++) {
        x[i] = Math.min(x[i], shift);
        float exponent = (x[i] - shift) / divisor;
        powers[i] = Exponential.exp(exponent);
        if (powers[i] > 0) {
          var parts = new BigDecimal((long) Math.floor(powers[i] * 0x1p40));
          sum = sum.add(parts.multiply(new BigDecimal(exponent)).setScale(0, RoundingMode.DOWN));
        }
      }
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        assertEquals(
            sum.longValueExact(), kernels.sumExponents(x, powers, from, to, shift, divisor));
      }
    }
  }

  @Test
  void distancesAndIntervalsHaveTheBitsOfTheOne(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      int from = random.nextInt(Math.min(n, 5));
      float divisor = random.nextBoolean() ? 1 : 0.1f + random.nextFloat();
      float scale = new float[] {1e-3f, 7, 1_000, Float.POSITIVE_INFINITY}[random.nextInt(4)];
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        var distances = new float[n];
        var intervals = new int[n - from];
        kernels.distances(x, from, n, 40, divisor, -3, distances);
        kernels.intervals(x, from, n, 40, scale, 4_095, intervals);
        for (int i = from; i < n; i++) {
          float distance = -Math.abs((x[i] - 40) / divisor + 3);
          assertEquals(Float.floatToIntBits(distance), Float.floatToIntBits(distances[i]));
          int interval = Math.min(4_095, (int) ((40 - x[i]) * scale));
          int last = interval < 4_095 ? 0 : (i - from) % 4;
          assertEquals(interval + last, intervals[i - from]);
        }
      }
    }
  }

  @Test
  void excludedIsWhatIsNotAtLeast(Random random) {
    for (int n : SIZES) {
      float[] numbers = row(n, random);
      int from = random.nextInt(n);
      int to = from + random.nextInt(n - from + 1);
      float least = random.nextBoolean() ? numbers[random.nextInt(n)] : random.nextFloat();
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        float[] x = row(n, random);
        float[] before = x.clone();
        int left = 0;
        int counted = kernels.exclude(x, numbers, from, to, least);
        for (int i = 0; i < n; i++) {
          boolean isLooked = i >= from && i < to;
          boolean stays = isLooked && numbers[i] >= least;
          left += stays ? 1 : 0;
          assertEquals(isLooked && !stays ? Float.NEGATIVE_INFINITY : before[i], x[i], 0f);
        }
        assertEquals(left, counted);
      }
    }
  }

  @Test
  void foundIsWhatIsBetween(Random random) {
    for (int n : SIZES) {
      float[] x = row(n, random);
      int from = random.nextInt(n);
      int to = from + random.nextInt(n - from + 1);
      float[] bounds = {-30, x[random.nextInt(n)], x[random.nextInt(n)], Float.POSITIVE_INFINITY};
      float least = bounds[random.nextInt(3)];
      float below = bounds[1 + random.nextInt(3)];
      int[] expected =
          IntStream.range(from, to).filter(i -> x[i] >= least && x[i] < below).toArray();
      for (var kernels : new LogitKernels[] {scalar, vector}) {
        var found = new int[to - from];
        int count = kernels.find(x, from, to, least, below, found);
        assertArrayEquals(expected, Arrays.copyOf(found, count));
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

  /// The ends, what is less than a part, and what is not whole ones.
  private static float[] powers(int n, Random random) {
    var powers = new float[n];
    for (int i = 0; i < n; i++) {
      powers[i] =
          switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> Math.nextDown(1f);
            default -> Exponential.exp(-40 * random.nextFloat());
          };
    }
    return powers;
  }

  private static float[] maxima(LogitKernels kernels, float[] x) {
    var maxima = new float[LogitKernels.groups(x.length)];
    Arrays.fill(maxima, 1e9f); // what was there before does not count
    kernels.maxima(x, x.length, maxima);
    return maxima;
  }
}
