package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.RowKernels;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Generated rows leave nothing to others and touch nothing beyond their operands.
@Tag("kernels")
@ExtendWith(Seeded.class)
class GeneratedRowsTest {
  private static final RowKernels SCALAR = KernelSelector.select("scalar").kernels().rows();
  private static final int[] SIZES = {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 1024};

  private static GeneratedRows open(Tier tier, RowKernels others) {
    Tier.Choice choice = Tier.choose(tier.label());
    assumeTrue(choice.tier().isPresent(), choice::reason);
    return new GeneratedRows(tier, others);
  }

  /// Stands behind kernels that must not need it.
  private static RowKernels refusing() {
    return (RowKernels)
        Proxy.newProxyInstance(
            RowKernels.class.getClassLoader(),
            new Class<?>[] {RowKernels.class},
            (_, method, _) -> {
              throw new AssertionError(method.getName() + " was left to others");
            });
  }

  private interface Operation {
    void run(RowKernels kernels, MemorySegment x, MemorySegment y, MemorySegment table, int n);
  }

  private enum Case {
    RMS_NORM((k, x, y, table, n) -> k.rmsNorm(x, 0, table, 1e-5f, y, 0, n)),
    ROTATE((k, x, y, table, n) -> k.rotate(y, 0, x, table, 0, n / 2)),
    SILU_GATE((k, x, y, table, n) -> k.siluGate(x, 0, table, 0, y, 0, n)),
    ADD((k, x, y, table, n) -> k.add(x, 0, y, 0, n)),
    ADD_SCALED((k, x, y, table, n) -> k.addScaled(-0.3f, x, 0, y, 0, n));

    private final Operation operation;

    Case(Operation operation) {
      this.operation = operation;
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void noKernelTouchesMemoryBeyondItsOperands(Tier tier, Random random) {
    try (var kernels = open(tier, refusing())) {
      for (int n : SIZES) {
        for (Case one : Case.values()) {
          if (one == Case.RMS_NORM && n % 16 != 0) {
            continue;
          }
          try (GuardedPages guarded = new GuardedPages()) {
            for (boolean isAtEnd : new boolean[] {true, false}) {
              var x = guardedFloats(guarded, n, isAtEnd, random);
              var table = guardedFloats(guarded, n, isAtEnd, random);
              var y = guardedFloats(guarded, n, isAtEnd, random);
              var expected = MemorySegment.ofArray(y.toArray(ValueLayout.JAVA_FLOAT));
              one.operation.run(SCALAR, x, expected, table, n);
              one.operation.run(kernels, x, y, table, n);
              assertEquals(-1, expected.mismatch(y), () -> one + " of " + n);
            }
          }
        }
      }
    }
  }

  private static MemorySegment guardedFloats(
      GuardedPages guarded, int n, boolean isAtEnd, Random random) {
    MemorySegment floats = guarded.allocate(4L * n, isAtEnd);
    for (int i = 0; i < n; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
    }
    return floats;
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void rangesBeyondTheOperandsAreRefused(Tier tier, Random random) {
    try (var kernels = open(tier, refusing());
        GuardedPages guarded = new GuardedPages()) {
      var x = guardedFloats(guarded, 32, true, random);
      var y = guardedFloats(guarded, 32, true, random);
      var bounds = IndexOutOfBoundsException.class;
      assertThrows(bounds, () -> kernels.rmsNorm(x, 17, y, 0f, y, 0, 16));
      assertThrows(bounds, () -> kernels.rmsNorm(x, 0, y, 0f, y, 0, 48));
      assertThrows(bounds, () -> kernels.rotate(x, 0, y, y, 0, 17));
      assertThrows(bounds, () -> kernels.rotate(x, 0, y, y, 31, 2));
      assertThrows(bounds, () -> kernels.siluGate(x, 0, x, 1, y, 0, 32));
      assertThrows(bounds, () -> kernels.siluGate(x, -1, x, 0, y, 0, 1));
      assertThrows(bounds, () -> kernels.add(x, 0, y, 0, -1));
      assertThrows(bounds, () -> kernels.addScaled(1f, x, Long.MAX_VALUE, y, 0, 8));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void rowsOfTheHeapAndBrokenNormsAreLeftToOthers(Tier tier) {
    try (var kernels = open(tier, SCALAR)) {
      var x = MemorySegment.ofArray(new float[] {1f, 2f});
      var y = MemorySegment.ofArray(new float[] {3f, 4f});
      kernels.add(x, 0, y, 0, 2);
      kernels.addScaled(2f, x, 0, y, 0, 2);
      assertEquals(10f, y.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
      kernels.rmsNorm(x, 0, y, 0f, y, 0, 2);
      assertEquals(
          2f * (1f / (float) Math.sqrt(2.5f)) * 10f, y.getAtIndex(ValueLayout.JAVA_FLOAT, 1));
    }
  }
}
