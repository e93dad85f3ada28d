package dev.educe.kernels;

import static dev.educe.kernels.FloatRows.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.educe.platform.MemoryBudget;
import dev.educe.platform.Region;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Attention in vectors has the bits of the plain loops, and neither depends on how pages, chunks
/// and calls are cut.
@Tag("kernels")
@ExtendWith(Seeded.class)
class AttentionKernelsTest {
  private static final int ALL = Integer.MAX_VALUE;
  private static final int[] GROUPS = {1, 2, 4, 7};
  private static final int[] PAGE_TOKENS = {16, 32, 64};

  private final AttentionKernels scalar = new ScalarAttention();
  private final AttentionKernels vector = new VectorAttention();

  @ParameterizedTest
  @ValueSource(ints = {8, 12, 16, 24, 32, 64, 80, 96, 128, 256})
  void vectorsGiveTheBitsOfPlainLoops(int headSize, Random random) {
    for (int group : GROUPS) {
      for (var type : KvType.values()) {
        int length = 1 + random.nextInt(200);
        int window = random.nextBoolean() ? ALL : 1 + random.nextInt(150);
        int tokens = 1 + random.nextInt(Math.min(length, 70));
        compare(headSize, group, type, length, window, length - tokens, tokens, random);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {63, 64, 65, 128, 1023, 1024, 1025, 1088, 2047, 2048, 2050})
  void bordersOfBlocksAndSpansAreKept(int length, Random random) {
    int group = GROUPS[random.nextInt(GROUPS.length)];
    var type = KvType.values()[random.nextInt(KvType.values().length)];
    compare(16, group, type, length, ALL, length - 3, 3, random);
    compare(16, group, type, length, 64, length - 3, 3, random);
    compare(16, group, type, length, 1, length - 1, 1, random);
    compare(16, group, type, length, 1000, length - 40, 40, random);
  }

  @Test
  void slicesOfALongChunkFitTogether(Random random) {
    // With 7 heads a slice is 36 tokens.
    compare(8, 7, KvType.F16, 120, ALL, 0, 120, random);
    compare(8, 1, KvType.F32, 600, 100, 0, 600, random);
    compare(8, 300, KvType.F16, 70, ALL, 66, 4, random);
    compare(40, 7, KvType.I8, 120, 90, 0, 120, random);
  }

  private void compare(
      int headSize,
      int group,
      KvType type,
      int length,
      int window,
      int position,
      int tokens,
      Random random) {
    int pageTokens = PAGE_TOKENS[random.nextInt(PAGE_TOKENS.length)];
    var what =
        "head size %d, group %d, %s, length %d, window %d, %d tokens, pages of %d"
            .formatted(headSize, group, type, length, window, tokens, pageTokens);
    try (var region = Region.open("attention", MemoryBudget.unlimited())) {
      var one = new AttentionCase(region, headSize, group, length, window, random);
      var cache = one.store(region, scalar, type, pageTokens, random);
      var expected = one.attend(region, scalar, cache, position, tokens);
      var actual = one.attend(region, vector, cache, position, tokens);
      assertSameBits(expected, actual, what);
      var merged = one.merge(region, scalar, expected, tokens);
      assertSameBits(merged, one.merge(region, vector, actual, tokens), what + ", merged");
      for (long i = 0; i < merged.byteSize() / 4; i++) {
        assertTrue(Float.isFinite(FloatRows.at(merged, i)), what + ": a place unseen was read");
      }
    }
  }

  @Test
  void theSizeOfAPageDoesNotChangeABit(Random random) {
    for (var kernels : new AttentionKernels[] {scalar, vector}) {
      for (var type : KvType.values()) {
        try (var region = Region.open("attention", MemoryBudget.unlimited())) {
          var one = new AttentionCase(region, 24, 2, 150, 90, random);
          var expected = one.run(region, kernels, type, 16, 100, 50, random);
          for (int pageTokens : PAGE_TOKENS) {
            var actual = one.run(region, kernels, type, pageTokens, 100, 50, random);
            assertSameBits(expected, actual, "pages of " + pageTokens);
          }
        }
      }
    }
  }

  @Test
  void theCutOfAChunkDoesNotChangeABit(Random random) {
    for (var kernels : new AttentionKernels[] {scalar, vector}) {
      try (var region = Region.open("attention", MemoryBudget.unlimited())) {
        int length = 1100;
        int position = 1000;
        var one = new AttentionCase(region, 16, 4, length, 1030, random);
        var cache = one.store(region, kernels, KvType.F16, 32, random);
        int tokens = length - position;
        var whole = merged(region, kernels, one, cache, position, tokens);
        long rowBytes = 4L * one.group * one.headSize;
        int from = 0;
        while (from < tokens) {
          int count = Math.min(tokens - from, 1 + random.nextInt(30));
          var part = merged(region, kernels, one, cache, position + from, count);
          assertSameBits(whole.asSlice(from * rowBytes, count * rowBytes), part, "from " + from);
          from += count;
        }
      }
    }
  }

  private static MemorySegment merged(
      Region region,
      AttentionKernels kernels,
      AttentionCase one,
      AttentionCase.Cache cache,
      int position,
      int tokens) {
    return one.merge(region, kernels, one.attend(region, kernels, cache, position, tokens), tokens);
  }

  @Test
  void aSpanThatATokenDoesNotSeeIsEmpty(Random random) {
    for (var kernels : new AttentionKernels[] {scalar, vector}) {
      try (var region = Region.open("attention", MemoryBudget.unlimited())) {
        var one = new AttentionCase(region, 8, 2, 1200, 20, random);
        var cache = one.store(region, kernels, KvType.F32, 64, random);
        var partial = one.attend(region, kernels, cache, 1199, 1);
        for (int head = 0; head < 2; head++) {
          int at = head * (8 + 16);
          for (int channel = 0; channel < 8; channel++) {
            assertEquals(0f, FloatRows.at(partial, at + channel));
          }
          assertEquals(Float.NEGATIVE_INFINITY, FloatRows.at(partial, at + 8));
          assertEquals(0f, FloatRows.at(partial, at + 9));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.MAX_VALUE, 1e-42f, -0f})
  void strangeNumbersGiveTheSameBits(float strange, Random random) {
    for (var type : KvType.values()) {
      for (int where = 0; where < 3; where++) {
        try (var region = Region.open("attention", MemoryBudget.unlimited())) {
          var one = new AttentionCase(region, 16, 4, 100, ALL, random);
          var into = where == 0 ? one.k : where == 1 ? one.v : one.q;
          for (int i = 0; i < 20; i++) {
            long index = random.nextLong(into.byteSize() / 4);
            into.setAtIndex(ValueLayout.JAVA_FLOAT, index, i % 2 == 0 ? strange : -strange);
          }
          var cache = one.store(region, scalar, type, 32, random);
          var expected = one.attend(region, scalar, cache, 50, 50);
          assertSameBits(expected, one.attend(region, vector, cache, 50, 50), type + " " + strange);
        }
      }
    }
  }

  @Test
  void storedKeysAndValuesAreRoundedToTheTypeAndNothingElseIsTouched(Random random) {
    for (var kernels : new AttentionKernels[] {scalar, vector}) {
      for (var type : KvType.values()) {
        try (var region = Region.open("attention", MemoryBudget.unlimited())) {
          var k = FloatRows.random(region, 3 * 40, FloatRows.Content.ANY_BITS, random);
          var v = FloatRows.random(region, 3 * 40, FloatRows.Content.ORDINARY, random);
          long bytes = 2L * 3 * 16 * type.bytes(40);
          var pages =
              new KvPages(
                  type, 16, 3, 40, region.allocate(bytes), region.allocate(bytes).fill((byte) 1));
          float untouched = pages.value(0, 0, 0, 0);
          kernels.store(pages, 1, 5, k, 0, v, 0);
          for (int head = 0; head < 3; head++) {
            for (int channel = 0; channel < 40; channel++) {
              float key = KvRounding.rounded(type, k, head * 40, 40, channel);
              float value = KvRounding.rounded(type, v, head * 40, 40, channel);
              assertEquals(key, pages.key(1, head, 5, channel));
              assertEquals(value, pages.value(1, head, 5, channel));
              for (int other = 0; other < 32; other++) {
                if (other != 16 + 5) {
                  assertEquals(0f, pages.key(other / 16, head, other % 16, channel));
                  assertEquals(untouched, pages.value(other / 16, head, other % 16, channel));
                }
              }
            }
          }
        }
      }
    }
  }

  @Test
  void aPageIsNothingBesideItsBytes(Random random) {
    for (var type : KvType.values()) {
      try (var region = Region.open("attention", MemoryBudget.unlimited())) {
        var one = new AttentionCase(region, 80, 2, 100, ALL, random);
        var cache = one.store(region, scalar, type, 16, random);
        var expected = one.attend(region, vector, cache, 99, 1);
        var pages = cache.pages();
        long bytes = pages.offset(1, 0);
        int[] pageTable = cache.pageTable();
        int spare =
            IntStream.range(0, 10).filter(page -> isSpare(page, pageTable)).findFirst().getAsInt();
        for (var part : List.of(pages.keys(), pages.values())) {
          var page = part.asSlice(pages.offset(pageTable[2], 0), bytes);
          part.asSlice(pages.offset(spare, 0), bytes).copyFrom(page);
          page.fill((byte) 0xff);
        }
        pageTable[2] = spare;
        assertSameBits(expected, one.attend(region, vector, cache, 99, 1), type + ", moved");
      }
    }
  }

  private static boolean isSpare(int page, int[] pageTable) {
    return Arrays.stream(pageTable).noneMatch(other -> other == page);
  }
}
