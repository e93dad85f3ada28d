package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import dev.educe.testing.Seeded;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Keys and values are stored by generated code as the definition stores them, and nothing beyond
/// the operands is touched.
@Tag("kernels")
@ExtendWith(Seeded.class)
class StoreEmitterTest {
  private static final AttentionKernels SCALAR =
      KernelSelector.select("scalar").kernels().attention();
  private static final int KV_HEADS = 3;

  @BeforeEach
  void generatedCodeRunsHere() {
    Tier.Choice best = Tier.best();
    assumeTrue(best.tier().isPresent(), best::reason);
  }

  private static GeneratedAttention open(AttentionKernels others) {
    return new GeneratedAttention(Tier.best().tier().orElseThrow(), others);
  }

  /// Stands behind kernels that must not need it.
  private static AttentionKernels refusing() {
    return (AttentionKernels)
        Proxy.newProxyInstance(
            AttentionKernels.class.getClassLoader(),
            new Class<?>[] {AttentionKernels.class},
            (_, method, _) -> {
              throw new AssertionError(method.getName() + " was left to others");
            });
  }

  @ParameterizedTest
  @EnumSource
  void everyShapeIsStoredAsDefined(KvType type, Random random) {
    try (var kernels = open(refusing());
        var guarded = new GuardedPages()) {
      for (int headSize : new int[] {8, 16, 24, 64, 80, 128, 256}) {
        for (int pageTokens : new int[] {16, 32, 64}) {
          boolean isAtEnd = random.nextBoolean();
          int count = KV_HEADS * headSize;
          var k = floats(guarded.allocate(4L * (count + 1), isAtEnd), random);
          var v = floats(guarded.allocate(4L * (count + 2), isAtEnd), random);
          long bytes = 2L * count * pageTokens * type.bytes();
          var actual =
              new KvPages(
                  type,
                  pageTokens,
                  KV_HEADS,
                  headSize,
                  guarded.allocate(bytes, isAtEnd),
                  guarded.allocate(bytes, isAtEnd));
          var expected =
              new KvPages(
                  type,
                  pageTokens,
                  KV_HEADS,
                  headSize,
                  Arena.ofAuto().allocate(bytes, 8),
                  Arena.ofAuto().allocate(bytes, 8));
          for (int token : new int[] {0, 1 + random.nextInt(pageTokens - 2), pageTokens - 1}) {
            int page = random.nextInt(2);
            SCALAR.store(expected, page, token, k, 1, v, 2);
            kernels.store(actual, page, token, k, 1, v, 2);
          }
          assertSame(type, expected.keys(), actual.keys());
          assertSame(type, expected.values(), actual.values());
        }
      }
    }
  }

  /// Numbers of every kind: those that are ties or subnormal as halves, too large ones, NaN.
  private static MemorySegment floats(MemorySegment floats, Random random) {
    for (long i = 0; i < floats.byteSize() / 4; i++) {
      int bits =
          switch (random.nextInt(4)) {
            case 0 -> Float.floatToIntBits((float) random.nextGaussian());
            case 1 -> Float.floatToIntBits(0x1p-24f * random.nextInt(-9000, 9000) / 2);
            case 2 -> Float.floatToIntBits(65504f + random.nextInt(-64, 64)) & 0xffff_f000;
            default -> random.nextInt();
          };
      floats.setAtIndex(ValueLayout.JAVA_INT, i, bits);
    }
    return floats;
  }

  private static void assertSame(KvType type, MemorySegment expected, MemorySegment actual) {
    for (long at = 0; at < expected.byteSize(); at += type.bytes()) {
      assertEquals(
          Float.floatToIntBits(type.get(expected, at)), Float.floatToIntBits(type.get(actual, at)));
    }
  }

  @Test
  void placesBeyondTheOperandsAreRefused(Random random) {
    try (var kernels = open(refusing());
        Arena arena = Arena.ofConfined()) {
      long bytes = 2L * 16 * 16;
      var pages =
          new KvPages(
              KvType.F16, 16, 1, 16, arena.allocate(2 * bytes, 8), arena.allocate(bytes, 8));
      var row = floats(arena.allocate(4L * 16, 8), random);
      var bounds = IndexOutOfBoundsException.class;
      assertThrows(bounds, () -> kernels.store(pages, 0, 16, row, 0, row, 0));
      assertThrows(bounds, () -> kernels.store(pages, 0, -1, row, 0, row, 0));
      assertThrows(bounds, () -> kernels.store(pages, 1, 0, row, 0, row, 0));
      assertThrows(bounds, () -> kernels.store(pages, -1, 0, row, 0, row, 0));
      assertThrows(bounds, () -> kernels.store(pages, 0, 0, row, 1, row, 0));
      assertThrows(bounds, () -> kernels.store(pages, 0, 0, row, 0, row, -1));
      kernels.store(pages, 0, 15, row, 0, row, 0);
    }
  }
}
