package dev.educe.kernels;

import static dev.educe.kernels.FloatRows.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.kernels.FloatRows.Content;
import dev.educe.kernels.codegen.GeneratedRows;
import dev.educe.kernels.codegen.Tier;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The vector and the generated rows give the bits of the scalar ones, which do what their names
/// say.
@Tag("kernels")
@ExtendWith(Seeded.class)
class RowKernelsTest {
  private final RowKernels scalar = new ScalarRows();
  private final RowKernels vector = new VectorRows();

  /// Generated rows of each width, where this machine has it.
  private List<RowKernels> generated() {
    return Stream.of(Tier.AVX512, Tier.AVX2)
        .flatMap(tier -> Tier.choose(tier.label()).tier().stream())
        .<RowKernels>map(tier -> new GeneratedRows(tier, scalar))
        .toList();
  }

  /// One operation on rows `x` and `y` of `n` floats that begin at an offset, with a table of `n`.
  private interface Operation {
    void run(
        RowKernels kernels, MemorySegment x, MemorySegment y, MemorySegment table, int at, int n);
  }

  private enum Case {
    RMS_NORM((k, x, y, table, at, n) -> k.rmsNorm(x, at, table, 1e-5f, y, at, n)),
    RMS_NORM_IN_PLACE((k, x, y, table, at, n) -> k.rmsNorm(y, at, table, 0f, y, at, n)),
    ROTATE((k, x, y, table, at, n) -> k.rotate(y, at, x, table, 0, n / 2)),
    SILU_GATE((k, x, y, table, at, n) -> k.siluGate(x, at, table, 0, y, at, n)),
    SILU_GATE_IN_PLACE((k, x, y, table, at, n) -> k.siluGate(y, at, x, at, y, at, n)),
    ADD((k, x, y, table, at, n) -> k.add(x, at, y, at, n)),
    ADD_SCALED((k, x, y, table, at, n) -> k.addScaled(1.7f, x, at, y, at, n)),
    SCALE((k, x, y, table, at, n) -> k.scale(0.3f, y, at, n)),
    SOFTMAX((k, x, y, table, at, n) -> k.softmax(x, at, y, at, n)),
    SOFTMAX_IN_PLACE((k, x, y, table, at, n) -> k.softmax(y, at, y, at, n));

    private final Operation operation;

    Case(Operation operation) {
      this.operation = operation;
    }
  }

  @ParameterizedTest
  @EnumSource
  void allGiveTheBitsOfPlainLoops(Content content, Random random) {
    var candidates = new ArrayList<>(generated());
    candidates.add(vector);
    for (int n : FloatRows.SIZES) {
      int at = random.nextInt(4);
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = FloatRows.random(region, at + n + 1, content, random);
        var table = FloatRows.random(region, n, content, random);
        // One float behind the row shows that nothing beyond it is written.
        var y = FloatRows.random(region, at + n + 1, content, random);
        for (var one : Case.values()) {
          var expected = FloatRows.copy(region, y);
          one.operation.run(scalar, x, expected, table, at, n);
          for (RowKernels candidate : candidates) {
            var actual = FloatRows.copy(region, y);
            one.operation.run(candidate, x, actual, table, at, n);
            assertSameBits(expected, actual, candidate + ": " + one + " of " + n + " " + content);
            assertEquals(
                FloatRows.at(y, at + n), FloatRows.at(actual, at + n), "written beyond the row");
          }
        }
        assertEquals(scalar.argmax(x, at, n), vector.argmax(x, at, n), "argmax of " + n);
      }
    }
  }

  @Test
  void gatesOfEveryMagnitudeGiveTheBitsOfPlainLoops() {
    // Every 4099th float, and all around the largest argument of the exponential.
    var gates =
        IntStream.concat(
                IntStream.iterate(
                    Integer.MIN_VALUE, i -> i <= Integer.MAX_VALUE - 4099, i -> i + 4099),
                IntStream.rangeClosed(
                    Float.floatToRawIntBits(-88.3f), Float.floatToRawIntBits(-88.8f)))
            .toArray();
    try (var region = Region.open("rows", MemoryBudget.unlimited())) {
      var gate = region.allocate(4L * gates.length).copyFrom(MemorySegment.ofArray(gates));
      var up = region.allocate(4L * gates.length);
      for (int i = 0; i < gates.length; i++) {
        up.setAtIndex(ValueLayout.JAVA_FLOAT, i, 0x1p100f);
      }
      var expected = region.allocate(4L * gates.length);
      scalar.siluGate(gate, 0, up, 0, expected, 0, gates.length);
      for (RowKernels candidate : generated()) {
        var actual = region.allocate(4L * gates.length);
        candidate.siluGate(gate, 0, up, 0, actual, 0, gates.length);
        assertSameBits(expected, actual, candidate);
      }
    }
  }

  @Test
  void theFirstOfEqualLargestWins(Random random) {
    for (int n : FloatRows.SIZES) {
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = region.allocate(n * 4L);
        int first = random.nextInt(n);
        int second = first + random.nextInt(n - first);
        x.fill((byte) 0xbf); // −1.49
        x.setAtIndex(ValueLayout.JAVA_FLOAT, first, -0f);
        x.setAtIndex(ValueLayout.JAVA_FLOAT, second, second == first ? -0f : 0f);
        assertEquals(first, scalar.argmax(x, 0, n));
        assertEquals(first, vector.argmax(x, 0, n));
      }
    }
  }

  @Test
  void aNanLeavesNoLargest(Random random) {
    for (int n : FloatRows.SIZES) {
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = FloatRows.random(region, n, Content.ORDINARY, random);
        x.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextInt(n), Float.NaN);
        assertEquals(-1, scalar.argmax(x, 0, n));
        assertEquals(-1, vector.argmax(x, 0, n));
      }
    }
  }

  @Test
  void aRowOfMinusInfinitiesHasItsLargestAtItsStart() {
    for (int n : FloatRows.SIZES) {
      try (var region = Region.open("rows", MemoryBudget.unlimited())) {
        var x = region.allocate(n * 4L);
        for (int i = 0; i < n; i++) {
          x.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NEGATIVE_INFINITY);
        }
        assertEquals(0, scalar.argmax(x, 0, n));
        assertEquals(0, vector.argmax(x, 0, n));
      }
    }
  }

  @Test
  void sumsGoOverSixteenLanesAndTheTree() {
    // 2²⁴ swallows a single 1 but keeps pairs: only the documented order gives this sum of squares.
    try (var region = Region.open("rows", MemoryBudget.unlimited())) {
      var x = region.allocate(32 * 4L);
      x.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 4096f);
      for (int i : new int[] {8, 9, 16, 24}) {
        x.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f);
      }
      var weight = region.allocate(32 * 4L);
      weight.setAtIndex(ValueLayout.JAVA_FLOAT, 0, 1f);
      // Lane 0 is 2²⁴ + 1 → 2²⁴, lane 8 is 2, lane 9 is 1: (2²⁴ + 2) + 1 → 2²⁴ + 4 by ties to even.
      float factor = 1f / (float) Math.sqrt(16_777_220f / 32);
      var candidates = new ArrayList<>(generated());
      candidates.addAll(List.of(scalar, vector));
      for (var kernels : candidates) {
        var y = region.allocate(32 * 4L);
        kernels.rmsNorm(x, 0, weight, 0f, y, 0, 32);
        assertEquals(4096f * factor, FloatRows.at(y, 0));
      }
    }
  }
}
