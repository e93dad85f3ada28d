package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.Activations;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.MatrixKernels;
import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// Generated quantization gives the bits of the definition and touches nothing beyond its operands.
@Tag("kernels")
@ExtendWith(Seeded.class)
class QuantizeEmitterTest {
  private static final MatrixKernels SCALAR = KernelSelector.select("scalar").kernels().matrix();

  private static GeneratedMatrix open(MatrixKernels others) {
    return new GeneratedMatrix(Tier.best().tier().orElseThrow(), others);
  }

  /// Stands behind kernels that must not need it.
  private static MatrixKernels refusing() {
    return (MatrixKernels)
        Proxy.newProxyInstance(
            MatrixKernels.class.getClassLoader(),
            new Class<?>[] {MatrixKernels.class},
            (_, method, _) -> {
              throw new AssertionError(method.getName() + " was left to others");
            });
  }

  @BeforeEach
  void generatedCodeRunsHere() {
    Tier.Choice best = Tier.best();
    assumeTrue(best.tier().isPresent(), best::reason);
  }

  /// What a row holds; numbers that are not finite only in the last one.
  private enum Content {
    ORDINARY,
    TIES,
    ANY_EXPONENT,
    AROUND_THE_LEAST,
    SUBNORMALS,
    ZEROS,
    LARGEST,
    ANY_BITS;

    float next(Random random, int i) {
      int sign = random.nextInt() << 31;
      return switch (this) {
        case ORDINARY -> (float) random.nextGaussian();
        // The largest magnitude is 127, so that multiples of a half are ties.
        case TIES -> i % 32 == 0 ? -127f : random.nextInt(-253, 254) * 0.5f;
        case ANY_EXPONENT -> Math.scalb((float) random.nextGaussian(), random.nextInt(-140, 120));
        case AROUND_THE_LEAST ->
            Float.intBitsToFloat(Float.floatToIntBits(0x1p-100f) - random.nextInt(60) + 1 | sign);
        case SUBNORMALS -> Float.intBitsToFloat(random.nextInt(1 << 23) | sign);
        case ZEROS -> Float.intBitsToFloat(sign);
        case LARGEST -> random.nextBoolean() ? Float.MAX_VALUE : -Float.MAX_VALUE;
        case ANY_BITS -> Float.intBitsToFloat(random.nextInt());
      };
    }
  }

  @Test
  void allContentsGiveTheBitsOfTheDefinition(Random random) {
    try (GeneratedMatrix kernels = open(refusing())) {
      for (Content content : Content.values()) {
        for (int size : new int[] {32, 64, 96, 256, 1024, 2048, 8192}) {
          assertSame(kernels, content, size, random);
        }
      }
    }
  }

  @Test
  void rowsOfBrokenBlocksAreLeftToOthers(Random random) {
    try (GeneratedMatrix kernels = open(SCALAR)) {
      for (int size : new int[] {1, 31, 33, 100, 1025}) {
        assertSame(kernels, Content.ORDINARY, size, random);
      }
    }
  }

  private static void assertSame(
      GeneratedMatrix kernels, Content content, int size, Random random) {
    try (Region region = Region.open("test", MemoryBudget.unlimited())) {
      Activations expected = new Activations(region, 5, size);
      Activations actual = new Activations(region, 5, size);
      for (int i = 0; i < 5 * expected.paddedSize(); i++) {
        float next = content.next(random, i % expected.paddedSize());
        expected.floats().setAtIndex(ValueLayout.JAVA_FLOAT, i, next);
      }
      actual.floats().copyFrom(expected.floats());
      int failed = SCALAR.quantize(expected, 1, 4);
      assertEquals(failed, kernels.quantize(actual, 1, 4));
      for (int row = 0; row < 5 && (failed < 0 || row < failed); row++) {
        // Rows 0 and 4 stay as they were.
        assertEquals(
            -1,
            quantized(expected, row).mismatch(quantized(actual, row)),
            "row %d of %d %s".formatted(row, size, content));
      }
    }
  }

  private static MemorySegment quantized(Activations x, int row) {
    return x.quantized().asSlice(row * x.rowBytes(), x.rowBytes());
  }

  @Test
  void theFirstRowThatIsNotFiniteIsTold(Random random) {
    float[] bad = {
      Float.NaN, Float.intBitsToFloat(0xff80_0001), Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY
    };
    try (GeneratedMatrix kernels = open(refusing());
        Region region = Region.open("test", MemoryBudget.unlimited())) {
      Activations x = new Activations(region, 9, 256);
      for (int place = 0; place < 256; place++) {
        int row = random.nextInt(9);
        int later = random.nextInt(row, 9);
        x.floats().fill((byte) 0);
        x.floats().setAtIndex(ValueLayout.JAVA_FLOAT, row * 256L + place, bad[place % 4]);
        x.floats().setAtIndex(ValueLayout.JAVA_FLOAT, later * 256L + place, bad[place / 4 % 4]);
        assertEquals(row, kernels.quantize(x, 0, 9));
        assertEquals(-1, kernels.quantize(x, 0, row));
        assertEquals(later == row ? -1 : later, kernels.quantize(x, row + 1, 9));
      }
      assertThrows(IndexOutOfBoundsException.class, () -> kernels.quantize(x, 0, 10));
      assertThrows(IndexOutOfBoundsException.class, () -> kernels.quantize(x, -1, 1));
    }
  }

  @Test
  void nothingBeyondTheOperandsIsTouched() {
    try (CodeArena code = new CodeArena();
        GuardedPages guarded = new GuardedPages()) {
      MemorySegment kernel = code.add("test", new QuantizeEmitter().emit());
      for (int blocks : new int[] {1, 2, 5}) {
        for (boolean isAtEnd : new boolean[] {true, false}) {
          MemorySegment x = guarded.allocate(128L * blocks, isAtEnd);
          MemorySegment quantized = guarded.allocate(32L * blocks, isAtEnd);
          MemorySegment scales = guarded.allocate(4L * blocks, isAtEnd);
          MemorySegment sums = guarded.allocate(8L * blocks, isAtEnd);
          for (int i = 0; i < 32 * blocks; i++) {
            x.setAtIndex(ValueLayout.JAVA_FLOAT, i, i % 32 == 31 ? -127f : i % 32);
          }
          long largest =
              GeneratedRows.run(
                  kernel,
                  x.address(),
                  quantized.address(),
                  scales.address(),
                  sums.address(),
                  blocks,
                  0);
          assertEquals(127f, Float.intBitsToFloat((int) largest));
          for (int i = 0; i < 32 * blocks; i++) {
            assertEquals(
                i % 32 == 31 ? -127 : i % 32, quantized.getAtIndex(ValueLayout.JAVA_BYTE, i));
          }
          for (int i = 0; i < blocks; i++) {
            assertEquals(1f, scales.getAtIndex(ValueLayout.JAVA_FLOAT, i));
            assertEquals(120, sums.getAtIndex(ValueLayout.JAVA_INT, 2L * i));
            assertEquals(345 - 127, sums.getAtIndex(ValueLayout.JAVA_INT, 2L * i + 1));
          }
        }
      }
    }
  }
}
