package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.Activations;
import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.Panels;
import dev.educe.kernels.RowKernels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// No critical call does more than it may, however long a row, however many rows.
@ExtendWith(Seeded.class)
class CriticalCallsTest {
  private static final int HEAD_SIZE_MAX = 512;

  private final List<String> left = new ArrayList<>();

  /// Remembers what it was asked for.
  private <T> T others(Class<T> type) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (_, method, _) -> {
              left.add(method.getName());
              return method.getReturnType() == int.class ? -1 : null;
            }));
  }

  private static Tier best() {
    assumeTrue(Tier.best().tier().isPresent(), () -> Tier.best().reason());
    return Tier.best().tier().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void everyTileOfEveryMatrixIsCutIntoCallsThatAreShortEnough(Tier tier) {
    best();
    try (var kernels = new GeneratedMatrix(tier, others(MatrixKernels.class))) {
      for (DType type : PanelLayout.supported()) {
        for (long size = type.blockSize(); size < 1 << 22; size += size / 3 + type.blockSize()) {
          int columns = (int) (size / type.blockSize() * type.blockSize());
          int rowsMax = kernels.tileRowsMax(type, columns);
          for (int rows = 1; rows <= rowsMax; rows++) {
            int panels = GeneratedMatrix.callPanelsMax(rows, columns);
            long multiplies = 16L * panels * rows * columns;
            boolean isShort = panels > 0 && multiplies <= CriticalCalls.MULTIPLIES_MAX;
            assertTrue(isShort, "%s: %d × %d".formatted(type, rows, columns));
          }
        }
      }
    }
  }

  /// The product itself asserts what each call does.
  @Test
  void aMatrixOfVeryLongRowsIsMultipliedInShortCalls(Random random) {
    int size = 150_000;
    int rows = 9;
    try (var kernels = new GeneratedMatrix(best(), others(MatrixKernels.class));
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      var w = new Panels(region, DType.F16, 33, size);
      var x = new Activations(region, rows, size);
      RandomOperands.weights(w.memory(), w.layout(), w.panelBytes(), size, random, false);
      RandomOperands.floats(x.floats(), random);
      MemorySegment actual = region.allocate(4L * 48 * rows);
      kernels.multiply(w, 0, 3, x, 0, rows, actual, 48);
      MemorySegment expected = region.allocate(4L * 48 * rows);
      StressKernels.SCALAR.matrix().multiply(w, 2, 3, x, 7, rows, expected, 48);
      for (int row = 7; row < rows; row++) {
        long at = 4L * (48 * row + 32);
        assertEquals(-1, expected.asSlice(at, 64).mismatch(actual.asSlice(at, 64)));
      }
      assertEquals(List.of(), left);
    }
  }

  @Test
  void rowsThatAreTooLongForACallAreLeftToOthers() {
    int most = CriticalCalls.ELEMENTS_MAX;
    try (var kernels = new GeneratedRows(best(), others(RowKernels.class));
        Arena arena = Arena.ofConfined()) {
      for (int n : new int[] {most, most + 16}) {
        MemorySegment x = arena.allocate(8L * n, 64);
        kernels.rmsNorm(x, 0, x, 1f, x, 0, n);
        kernels.rotate(x, 0, x, x, 0, n);
        kernels.siluGate(x, 0, x, 0, x, 0, n);
        kernels.add(x, 0, x, 0, n);
        kernels.addScaled(1f, x, 0, x, 0, n);
        assertEquals(
            n == most ? List.of() : List.of("rmsNorm", "rotate", "siluGate", "add", "addScaled"),
            left);
      }
    }
  }

  @Test
  void rowsThatAreTooLongToQuantizeOrPackAreLeftToOthers() {
    int most = CriticalCalls.ELEMENTS_MAX;
    try (var kernels = new GeneratedMatrix(best(), others(MatrixKernels.class))) {
      for (int size : new int[] {most, most + 32}) {
        try (Region region = Region.open("test", MemoryBudget.unlimited())) {
          kernels.quantize(new Activations(region, 1, size), 0, 1);
          var w = new Panels(region, DType.Q4_0, 16, size);
          kernels.pack(region.allocate(16 * DType.Q4_0.rowBytes(size)), w, 0, 16);
        }
        assertEquals(size == most ? List.of() : List.of("quantize", "pack"), left);
      }
    }
  }

  @Test
  void attentionAndMergingAreShort() {
    // Each of a block's places is multiplied twice, as a key and as a value.
    long attend = 2L * AttentionBlock.ROWS_MAX * AttentionKernels.BLOCK * HEAD_SIZE_MAX;
    assertTrue(attend <= CriticalCalls.MULTIPLIES_MAX);
    try (var kernels = new GeneratedAttention(best(), others(AttentionKernels.class))) {
      MemorySegment row = Arena.ofAuto().allocate(4L * (HEAD_SIZE_MAX + 2), 4);
      int most = GeneratedAttention.spansMax(HEAD_SIZE_MAX);
      assertTrue(2L * most * HEAD_SIZE_MAX <= CriticalCalls.MULTIPLIES_MAX);
      kernels.merge(HEAD_SIZE_MAX, most, row, 0, 0, row, 0);
      assertEquals(List.of(), left);
      kernels.merge(HEAD_SIZE_MAX, most + 1, row, 0, 0, row, 0);
      assertEquals(List.of("merge"), left);
    }
  }
}
