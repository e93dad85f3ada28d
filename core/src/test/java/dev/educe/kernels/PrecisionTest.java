package dev.educe.kernels;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.kernels.FloatRows.Content;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.testing.Seeded;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// How far the scalar kernels may be from exact arithmetic: the bounds of
/// `docs/internals/precision.md`.
@ExtendWith(Seeded.class)
class PrecisionTest {
  /// Half a unit in the last place, relative to the value: what one rounding costs at most.
  private static final double U = 0x1p-24;

  private final RowKernels rows = new ScalarRows();
  private final AttentionKernels attention = new ScalarAttention();

  @Test
  void rmsNormStaysWithinItsBound(Random random) {
    for (int n : FloatRows.SIZES) {
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = FloatRows.random(region, n, Content.WIDE, random);
        var weight = FloatRows.random(region, n, Content.ORDINARY, random);
        var y = region.allocate(n * 4L);
        float epsilon = 1e-5f;
        rows.rmsNorm(x, 0, weight, epsilon, y, 0, n);
        double squares = 0;
        for (int i = 0; i < n; i++) {
          squares += (double) FloatRows.at(x, i) * FloatRows.at(x, i);
        }
        double root = Math.sqrt(squares / n + epsilon);
        for (int i = 0; i < n; i++) {
          double exact = FloatRows.at(x, i) / root * FloatRows.at(weight, i);
          double bound = (n / 32.0 + 8) * U * Math.abs(exact) + Float.MIN_VALUE;
          assertWithin(bound, exact, FloatRows.at(y, i), "rmsNorm of " + n);
        }
      }
    }
  }

  @Test
  void softmaxStaysWithinItsBound(Random random) {
    for (int n : FloatRows.SIZES) {
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = FloatRows.random(region, n, Content.ORDINARY, random);
        rows.scale(5f, x, 0, n);
        var y = region.allocate(n * 4L);
        rows.softmax(x, 0, y, 0, n);
        double max = FloatRows.at(x, rows.argmax(x, 0, n));
        double min = max;
        double sum = 0;
        for (int i = 0; i < n; i++) {
          min = Math.min(min, FloatRows.at(x, i));
          sum += StrictMath.exp(FloatRows.at(x, i) - max);
        }
        for (int i = 0; i < n; i++) {
          double exact = StrictMath.exp(FloatRows.at(x, i) - max) / sum;
          double bound = (2 * (max - min) + n / 16.0 + 10) * U * exact;
          assertWithin(bound, exact, FloatRows.at(y, i), "softmax of " + n);
        }
      }
    }
  }

  @Test
  void siluGateStaysWithinItsBound(Random random) {
    try (var region = Region.open("rows", MemoryBudget.unlimited())) {
      int n = 10_000;
      var gate = FloatRows.random(region, n, Content.ORDINARY, random);
      rows.scale(20f, gate, 0, n);
      var up = FloatRows.random(region, n, Content.ORDINARY, random);
      var y = region.allocate(n * 4L);
      rows.siluGate(gate, 0, up, 0, y, 0, n);
      for (int i = 0; i < n; i++) {
        double g = FloatRows.at(gate, i);
        double exact = g / (1 + StrictMath.exp(-g)) * FloatRows.at(up, i);
        // Beyond 88 the exponential overflows and what remains is zero.
        double bound = 5 * U * Math.abs(exact) + 1e-35;
        assertWithin(bound, exact, FloatRows.at(y, i), "siluGate of " + g);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 64, 300, 1_500})
  void attentionStaysWithinItsBound(int length, Random random) {
    for (var type : KvType.values()) {
      try (var region = Region.open("attention", MemoryBudget.unlimited())) {
        var one = new AttentionCase(region, 64, 2, length, Integer.MAX_VALUE, random);
        var result = one.run(region, attention, type, 64, length - 1, 1, random);
        for (int head = 0; head < 2; head++) {
          double[] exact = one.exact(type, length - 1, head);
          for (int channel = 0; channel < 64; channel++) {
            double bound = exact[64 + channel] * U;
            float value = FloatRows.at(result, head * 64 + channel);
            assertWithin(bound, exact[channel], value, "attention over " + length);
          }
        }
      }
    }
  }

  private static void assertWithin(double bound, double exact, float actual, String what) {
    assertTrue(
        Math.abs(actual - exact) <= bound,
        () -> "%s: %s is not within %s of %s".formatted(what, actual, bound, exact));
  }
}
