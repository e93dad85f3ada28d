package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Generated packing gives the panels of the definition and touches nothing beyond its operands.
@Tag("kernels")
@ExtendWith(Seeded.class)
class PackEmitterTest {
  private static final MatrixKernels SCALAR = KernelSelector.select("scalar").kernels().matrix();

  @BeforeEach
  void generatedCodeRunsHere() {
    Tier.Choice best = Tier.best();
    assumeTrue(best.tier().isPresent(), best::reason);
  }

  private static GeneratedMatrix open() {
    return new GeneratedMatrix(Tier.best().tier().orElseThrow(), SCALAR);
  }

  private static MemorySegment random(Region region, long bytes, Random random) {
    byte[] content = new byte[(int) bytes];
    random.nextBytes(content);
    return region.allocate(bytes).copyFrom(MemorySegment.ofArray(content));
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"Q4_0", "Q4_1", "IQ4_NL", "Q8_0", "Q5_0", "Q4_K", "F16"})
  void packsTheBytesOfTheDefinition(DType type, Random random) {
    try (GeneratedMatrix kernels = open();
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      for (int rows : new int[] {1, 15, 16, 17, 48, 77}) {
        int size = type.blockSize() * random.nextInt(1, 9);
        long rowBytes = type.rowBytes(size);
        MemorySegment raw = random(region, rows * rowBytes, random);
        var expected = new Panels(region, type, rows, size);
        PanelPacker.pack(raw, expected, 0, rows);
        var actual = new Panels(region, type, rows, size);
        int first = random.nextInt(Math.ceilDiv(rows, PanelLayout.ROWS)) * PanelLayout.ROWS;
        kernels.pack(raw, actual, 0, first);
        kernels.pack(raw.asSlice(first * rowBytes), actual, first, rows - first);
        assertEquals(
            -1, expected.memory().mismatch(actual.memory()), "%d × %d".formatted(rows, size));
      }
    }
  }

  @Test
  void rowsThatAreNotThereAreRefused() {
    try (GeneratedMatrix kernels = open();
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      var target = new Panels(region, DType.Q4_0, 40, 64);
      MemorySegment raw = region.allocate(40 * DType.Q4_0.rowBytes(64));
      assertThrows(IllegalArgumentException.class, () -> kernels.pack(raw, target, 8, 16));
      assertThrows(IllegalArgumentException.class, () -> kernels.pack(raw, target, 0, 24));
      assertThrows(IndexOutOfBoundsException.class, () -> kernels.pack(raw, target, 32, 16));
      assertThrows(
          IndexOutOfBoundsException.class,
          () -> kernels.pack(raw.asSlice(0, raw.byteSize() - 1), target, 0, 40));
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"Q4_0", "Q4_1", "IQ4_NL", "Q8_0"})
  void nothingBeyondTheOperandsIsTouched(DType type) {
    PanelLayout layout = PanelLayout.find(type).orElseThrow();
    try (CodeArena code = new CodeArena();
        GuardedPages guarded = new GuardedPages()) {
      MemorySegment kernel = code.add("test", new PackEmitter(type).emit());
      for (int blocks : new int[] {1, 2, 5}) {
        for (boolean isAtEnd : new boolean[] {true, false}) {
          int size = 32 * blocks;
          long rowBytes = type.rowBytes(size);
          MemorySegment rows = guarded.allocate(PanelLayout.ROWS * rowBytes, isAtEnd);
          rows.fill((byte) 1);
          long stride = layout.quantStride();
          MemorySegment panel = guarded.allocate(blocks * stride, isAtEnd);
          GeneratedRows.run(kernel, rows.address(), panel.address(), rowBytes, blocks, 0, 0);
          // Nothing is left out either.
          byte code8 = (byte) (type == DType.Q8_0 ? 1 ^ 128 : 1);
          for (long block = 0; block < panel.byteSize(); block += stride) {
            assertAll((byte) 1, panel.asSlice(block, layout.scaleBytes()));
            assertAll(code8, panel.asSlice(block + layout.quantsOffset(size), layout.quantBytes()));
          }
        }
      }
    }
  }

  private static void assertAll(byte expected, MemorySegment bytes) {
    MemorySegment filled = MemorySegment.ofArray(new byte[(int) bytes.byteSize()]).fill(expected);
    assertEquals(-1, bytes.mismatch(filled));
  }
}
