package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.Activations;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.MatrixKernels;
import dev.educe.kernels.PanelLayout;
import dev.educe.kernels.Panels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Generated kernels give the contract's bits, and touch nothing beyond their operands.
@ExtendWith(Seeded.class)
class GeneratedMatrixTest {
  private static final MatrixKernels SCALAR = KernelSelector.select("scalar").kernels().matrix();

  @BeforeEach
  void generatedCodeRunsHere() {
    assumeTrue(CodeArena.whyUnavailable().isEmpty(), () -> CodeArena.whyUnavailable().orElse(""));
  }

  /// The kernels of a tier. Where the processor has AVX-512 but no AVX-VNNI, the former's form of
  /// the one instruction that differs stands in.
  private static GeneratedMatrix open(Tier tier) {
    Optional<Tier> offered = Tier.choose(tier.label()).tier();
    boolean standsIn =
        tier == Tier.AVXVNNI && Tier.choose(Tier.AVX512VNNI.label()).tier().isPresent();
    assumeTrue(offered.isPresent() || standsIn, () -> Tier.choose(tier.label()).reason());
    return standsIn
        ? new GeneratedMatrix(tier, new Refusing(), Assembler::vpdpbusd)
        : new GeneratedMatrix(tier, new Refusing());
  }

  /// Stands behind kernels that must not need it.
  private static final class Refusing implements MatrixKernels {
    @Override
    public int quantize(Activations x, int rowFrom, int rowTo) {
      throw new AssertionError("quantize was delegated");
    }

    @Override
    public void multiply(
        Panels w,
        int panelFrom,
        int panelTo,
        Activations x,
        int rowFrom,
        int rowTo,
        MemorySegment y,
        long yStride) {
      throw new AssertionError(w.type() + " was delegated");
    }
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void everyFormatAndNumberOfRowsGivesTheContractsBits(Tier tier, Random random) {
    try (GeneratedMatrix kernels = open(tier)) {
      for (DType type : PanelLayout.supported()) {
        int rowsMax = kernels.tileRowsMax(type, 256);
        assertTrue(rowsMax >= 2, type + " has no kernel");
        for (int rows = 1; rows <= 2 * rowsMax + 1; rows++) {
          compare(kernels, type, rows, 1 + random.nextInt(9), random, false);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void rowsOfSeveralChunksOfColumnsGiveTheContractsBits(Tier tier, Random random) {
    try (GeneratedMatrix kernels = open(tier)) {
      for (Unpack format : Unpack.ALL) {
        for (int rows : new int[] {1, 2 + random.nextInt(8), 11, 15, 16}) {
          // A chunk of one row has 16384 columns.
          int blocks = (rows == 1 ? 512 : 70) + random.nextInt(90);
          compare(kernels, format.type(), rows, blocks, random, false);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void extremeWeightsAndActivationsDoNotSaturate(Tier tier, Random random) {
    try (GeneratedMatrix kernels = open(tier)) {
      for (DType type : PanelLayout.supported()) {
        for (int i = 0; i < 8; i++) {
          compare(kernels, type, 1 + random.nextInt(6), 1 + random.nextInt(9), random, true);
        }
      }
    }
  }

  private static void compare(
      GeneratedMatrix kernels, DType type, int rows, int blocks, Random random, boolean isExtreme) {
    int size =
        type.isQuantized()
            ? Math.ceilDiv(32 * blocks, type.blockSize()) * type.blockSize()
            : 1 + random.nextInt(70);
    try (Region region = Region.open("test", MemoryBudget.unlimited())) {
      int outputs = 1 + random.nextInt(blocks < 10 ? 80 : 50);
      Panels w = new Panels(region, type, outputs, size);
      Activations x = new Activations(region, rows, size);
      RandomOperands.weights(w.memory(), w.layout(), w.panelBytes(), size, random, isExtreme);
      RandomOperands.activations(x, random, isExtreme);
      int panelFrom = random.nextInt(w.panels());
      int panelTo = panelFrom + 1 + random.nextInt(w.panels() - panelFrom);
      int rowFrom = random.nextInt(4) == 0 ? random.nextInt(rows) : 0;
      int yStride = 16 * w.panels() + random.nextInt(20);
      MemorySegment y = region.allocate(4L * yStride * rows);
      y.fill((byte) 0x55);
      kernels.multiply(w, panelFrom, panelTo, x, rowFrom, rows, y, yStride);
      MemorySegment defined = region.allocate(4L * yStride * rows);
      defined.fill((byte) 0x55);
      SCALAR.multiply(w, panelFrom, panelTo, x, rowFrom, rows, defined, yStride);
      for (int row = 0; row < rows; row++) {
        for (int i = 0; i < yStride; i++) {
          boolean isWritten = row >= rowFrom && i / 16 >= panelFrom && i / 16 < panelTo;
          float expected = isWritten ? expected(w, x, row, i) : Float.intBitsToFloat(0x55555555);
          float actual = y.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * yStride + i);
          int at = i;
          int of = row;
          assertEquals(
              Float.floatToIntBits(expected),
              Float.floatToIntBits(
                  defined.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * yStride + i)),
              () -> "the definition and the test disagree about " + type);
          assertEquals(
              Float.floatToIntBits(expected),
              Float.floatToIntBits(actual),
              () ->
                  "%s %s: output %d of row %d of %d, %d columns: expected %s, got %s"
                      .formatted(kernels.tier(), type, at, of, rows, size, expected, actual));
        }
      }
    }
  }

  private static float expected(Panels w, Activations x, int row, int output) {
    MemorySegment panel = w.memory().asSlice(output / 16 * w.panelBytes(), w.panelBytes());
    MatrixOracle oracle = new MatrixOracle(w.type(), w.size(), panel, output % 16);
    return w.type().isQuantized()
        ? oracle.quantized(x.quantized().asSlice(row * x.rowBytes(), x.rowBytes()))
        : oracle.plain(x.floats().asSlice(row * x.paddedSize() * 4L));
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void noKernelTouchesMemoryBeyondItsOperands(Tier tier, Random random) {
    try (GeneratedMatrix kernels = open(tier);
        GuardedPages guarded = new GuardedPages()) {
      for (DType type : PanelLayout.supported()) {
        PanelLayout layout = PanelLayout.find(type).orElseThrow();
        int size = type.isQuantized() ? type.blockSize() : 1 + random.nextInt(20);
        int rowBytes = type.isQuantized() ? size + size / 8 + size / 4 : 4 * size;
        long panelBytes = layout.panelBytes(size);
        for (int rows : new int[] {1, 2, kernels.tileRowsMax(type, size)}) {
          for (boolean isAtEnd : new boolean[] {true, false}) {
            MemorySegment panels = guarded.allocate(2 * panelBytes, isAtEnd);
            MemorySegment x = guarded.allocate((long) rows * rowBytes, isAtEnd);
            MemorySegment y = guarded.allocate(rows * 128L, isAtEnd);
            RandomOperands.weights(panels, layout, panelBytes, size, random, false);
            for (int row = 0; row < rows; row++) {
              MemorySegment rowOfX = x.asSlice((long) row * rowBytes, rowBytes);
              if (type.isQuantized()) {
                RandomOperands.quantizedRow(rowOfX, size, random, false);
              } else {
                RandomOperands.floats(rowOfX, random);
              }
            }
            GeneratedMatrix.run(
                kernels.kernel(type, rows),
                panels,
                x,
                y,
                2,
                type.isQuantized() ? size / 32 : size,
                rowBytes,
                panelBytes,
                128);
            MatrixOracle oracle = new MatrixOracle(type, size, panels.asSlice(panelBytes), 15);
            MemorySegment last = x.asSlice((rows - 1L) * rowBytes);
            assertEquals(
                Float.floatToIntBits(
                    type.isQuantized() ? oracle.quantized(last) : oracle.plain(last)),
                Float.floatToIntBits(y.get(ValueLayout.JAVA_FLOAT_UNALIGNED, rows * 128L - 4)));
          }
        }
      }
    }
  }

  @Test
  void threadsThatShareAMatrixGiveTheBitsOfOne(Random random) throws Exception {
    Tier best = Tier.best().tier().orElseThrow();
    try (GeneratedMatrix kernels = open(best);
        Region region = Region.open("test", MemoryBudget.unlimited());
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Panels w = new Panels(region, DType.Q4_0, 640, 512);
      Activations x = new Activations(region, 29, 512);
      RandomOperands.weights(w.memory(), w.layout(), w.panelBytes(), 512, random, false);
      RandomOperands.activations(x, random, false);
      MemorySegment alone = region.allocate(4L * 640 * 29);
      SCALAR.multiply(w, 0, 40, x, 0, 29, alone, 640);
      for (int round = 0; round < 20; round++) {
        MemorySegment shared = region.allocate(4L * 640 * 29);
        List<Callable<Object>> parts = new ArrayList<>();
        for (int panel = 0; panel < 40; panel += 4) {
          int from = panel;
          parts.add(
              Executors.callable(() -> kernels.multiply(w, from, from + 4, x, 0, 29, shared, 640)));
        }
        for (Future<Object> part : threads.invokeAll(parts)) {
          part.get();
        }
        assertEquals(-1, alone.mismatch(shared));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Tier.class)
  void rangesBeyondTheOperandsAreRefused(Tier tier) {
    try (GeneratedMatrix kernels = open(tier);
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      Panels w = new Panels(region, DType.Q4_0, 40, 64);
      Activations x = new Activations(region, 4, 64);
      MemorySegment y = region.allocate(4 * 48 * 4);
      Class<IndexOutOfBoundsException> bounds = IndexOutOfBoundsException.class;
      assertThrows(bounds, () -> kernels.multiply(w, 0, 4, x, 0, 4, y, 48));
      assertThrows(bounds, () -> kernels.multiply(w, -1, 3, x, 0, 4, y, 48));
      assertThrows(bounds, () -> kernels.multiply(w, 0, 3, x, 0, 5, y, 48));
      assertThrows(bounds, () -> kernels.multiply(w, 0, 3, x, 0, 4, y, 49));
      assertThrows(
          IllegalArgumentException.class,
          () -> kernels.multiply(w, 0, 3, new Activations(region, 4, 32), 0, 4, y, 48));
      kernels.multiply(w, 0, 3, x, 0, 4, y, 48);
    }
  }
}
