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
          long bytes = 2L * KV_HEADS * pageTokens * type.bytes(headSize);
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
          assertSame(expected, actual);
        }
      }
    }
  }

  /// Numbers of every kind: those that are ties or subnormal as halves, or ties as bytes, too large
  /// and too small ones, NaN. Neighbours are of like size.
  private static MemorySegment floats(MemorySegment floats, Random random) {
    int kind = 0;
    float factor = 1f;
    for (long i = 0; i < floats.byteSize() / 4; i++) {
      if (i % KvType.GROUP == 2) {
        kind = random.nextInt(6);
        factor = Math.scalb(1f, random.nextInt(-115, 100));
      }
      int bits =
          switch (kind) {
            case 0 -> Float.floatToIntBits((float) random.nextGaussian() * factor);
            case 1 -> Float.floatToIntBits(0x1p-24f * random.nextInt(-9000, 9000) / 2);
            case 2 -> Float.floatToIntBits(65504f + random.nextInt(-64, 64)) & 0xffff_f000;
            case 3 -> random.nextInt();
            case 4 -> random.nextInt(8) > 0 ? 0 : 0x7f80_0000 | random.nextInt(2) << 31;
            default ->
                Float.floatToIntBits(random.nextInt(4) > 0 ? random.nextInt(256) - 127.5f : 127f);
          };
      floats.setAtIndex(ValueLayout.JAVA_INT, i, bits);
    }
    return floats;
  }

  private static void assertSame(KvPages expected, KvPages actual) {
    for (int token = 0; token < 2 * expected.pageTokens(); token++) {
      int page = token / expected.pageTokens();
      int place = token % expected.pageTokens();
      for (int index = 0; index < KV_HEADS * expected.headSize(); index++) {
        int head = index / expected.headSize();
        int channel = index % expected.headSize();
        assertSame(
            expected.key(page, head, place, channel), actual.key(page, head, place, channel));
        assertSame(
            expected.value(page, head, place, channel), actual.value(page, head, place, channel));
        if (expected.type() == KvType.I8) {
          long key = expected.keyOffset(page, head, place, channel);
          long value = expected.valueOffset(page, head, place, channel);
          var type = ValueLayout.JAVA_BYTE;
          assertEquals(expected.keys().get(type, key), actual.keys().get(type, key));
          assertEquals(expected.values().get(type, value), actual.values().get(type, value));
        }
      }
    }
  }

  private static void assertSame(float expected, float actual) {
    assertEquals(Float.floatToIntBits(expected), Float.floatToIntBits(actual));
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
