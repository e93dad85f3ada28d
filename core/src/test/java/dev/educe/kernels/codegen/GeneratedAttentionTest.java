package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import dev.educe.testing.Seeded;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Generated attention gives the bits of the scalar one, and touches nothing beyond its operands.
/// Tiers of one width have the same attention.
@Tag("kernels")
@ExtendWith(Seeded.class)
class GeneratedAttentionTest {
  private static final int[] HEAD_SIZES = {8, 16, 24, 32, 64, 80, 96, 128, 256};
  private static final int[] PAGE_TOKENS = {16, 32, 64};
  private static final AttentionKernels SCALAR =
      KernelSelector.select("scalar").kernels().attention();

  @BeforeEach
  void generatedCodeRunsHere() {
    assumeTrue(CodeArena.whyUnavailable().isEmpty(), () -> CodeArena.whyUnavailable().orElse(""));
  }

  private static GeneratedAttention open(Tier tier, AttentionKernels others) {
    Tier.Choice choice = Tier.choose(tier.label());
    assumeTrue(choice.tier().isPresent(), choice::reason);
    return new GeneratedAttention(tier, others);
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void everyShapeOfHeadsAndPagesGivesTheSameBits(Tier tier, Random random) {
    try (var kernels = open(tier, new StoreOnly())) {
      for (KvType type : KvType.values()) {
        for (int headSize : HEAD_SIZES) {
          for (int pageTokens : PAGE_TOKENS) {
            var one = AttentionRun.random(random, type, headSize, pageTokens);
            one.assertSame(SCALAR, kernels);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void everyPlaceInABlockAndEveryGroupGivesTheSameBits(Tier tier, Random random) {
    try (var kernels = open(tier, new StoreOnly())) {
      for (int group = 1; group <= 9; group++) {
        for (int position : new int[] {0, 1, 15, 16, 17, 31, 47, 48, 62, 63, 64, 65, 130, 1000}) {
          int tokens = 1 + random.nextInt(80 / group);
          int window = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(100);
          var type = position % 2 == 0 ? KvType.F16 : KvType.I8;
          var one = AttentionRun.of(random, type, 16, 32, group, tokens, position, window, 0);
          one.assertSame(SCALAR, kernels);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void laterSpansGiveTheSameBitsAndNothingWhereNothingIsSeen(Tier tier, Random random) {
    try (var kernels = open(tier, new StoreOnly())) {
      for (int span = 0; span < 3; span++) {
        for (int window : new int[] {Integer.MAX_VALUE, 1200, 70, 1}) {
          for (int position : new int[] {1000, 1023, 1024, 2100}) {
            int tokens = 1 + random.nextInt(40);
            AttentionRun.of(random, KvType.F16, 8, 64, 2, tokens, position, window, span)
                .assertSame(SCALAR, kernels);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void whatIsNotFiniteReachesOnlyThoseWhoSeeIt(Tier tier, Random random) {
    try (var kernels = open(tier, SCALAR)) {
      for (int i = 0; i < 150; i++) {
        var type = KvType.values()[random.nextInt(KvType.values().length)];
        var one =
            AttentionRun.random(random, type, HEAD_SIZES[random.nextInt(5)], PAGE_TOKENS[i % 3]);
        one.poison(random, 1 + random.nextInt(4));
        one.assertSame(SCALAR, kernels);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void maximaOfZeroKeepTheirSigns(Tier tier, Random random) {
    try (var kernels = open(tier, SCALAR)) {
      for (int i = 0; i < 60; i++) {
        var one = AttentionRun.random(random, KvType.F16, 8, 16);
        one.shrinkScores();
        one.assertSame(SCALAR, kernels);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void otherHeadSizesAreLeftToOtherKernels(Tier tier, Random random) {
    try (var kernels = open(tier, SCALAR)) {
      AttentionRun.random(random, KvType.F16, 12, 16).assertSame(SCALAR, kernels);
      AttentionRun.of(random, KvType.F32, 8, 16, 100, 2, 20, 30, 0).assertSame(SCALAR, kernels);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void mergingSpansGivesTheSameBits(Tier tier, Random random) {
    try (var kernels = open(tier, new StoreOnly())) {
      for (int headSize : HEAD_SIZES) {
        for (int spans = 1; spans < 6; spans++) {
          PartialResults.random(random, headSize, spans).assertSameMerge(SCALAR, kernels);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void noKernelTouchesMemoryBeyondItsOperands(Tier tier, Random random) {
    assumeTrue(Tier.choose(tier.label()).tier().isPresent());
    try (CodeArena code = new CodeArena();
        GuardedPages guarded = new GuardedPages()) {
      for (int headSize : new int[] {8, 24, 64, 80}) {
        for (int pageTokens : PAGE_TOKENS) {
          for (KvType type : KvType.values()) {
            for (int rows : new int[] {1, 2, 5, 6}) {
              var kernel =
                  code.add(
                      "test", new AttentionEmitter(tier, type, headSize, pageTokens, rows).emit());
              for (boolean isAtEnd : new boolean[] {true, false}) {
                runGuarded(guarded, kernel, type, headSize, pageTokens, rows, isAtEnd, random);
              }
            }
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void noMergeTouchesMemoryBeyondItsOperands(Tier tier) {
    try (var kernels = open(tier, new StoreOnly());
        GuardedPages guarded = new GuardedPages()) {
      for (int headSize : HEAD_SIZES) {
        for (boolean isAtEnd : new boolean[] {true, false}) {
          int stride = headSize + 3;
          var partial = guarded.allocate(4L * (stride + headSize + 2), isAtEnd);
          var out = guarded.allocate(4L * headSize, isAtEnd);
          // The second span saw nothing, the first one place of value 6 and weight 2.
          partial.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, headSize - 1, 6f);
          partial.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, headSize + 1, 2f);
          kernels.merge(headSize, 2, partial, 0, stride, out, 0);
          assertEquals(3f, out.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, headSize - 1));
        }
      }
    }
  }

  private static void runGuarded(
      GuardedPages guarded,
      MemorySegment kernel,
      KvType type,
      int headSize,
      int pageTokens,
      int rows,
      boolean isAtEnd,
      Random random) {
    long pageBytes = pageTokens * type.bytes(headSize);
    var pages =
        new KvPages(
            type,
            pageTokens,
            1,
            headSize,
            guarded.allocate(pageBytes, isAtEnd),
            guarded.allocate(pageBytes, isAtEnd));
    var q = guarded.allocate(4L * rows * headSize, isAtEnd);
    var o = guarded.allocate(4L * rows * headSize, isAtEnd);
    var state = guarded.allocate(AttentionRows.SUMS + 4L * rows, isAtEnd);
    var block = new AttentionBlock(guarded.allocate(AttentionBlock.BYTES, isAtEnd));
    int end = 1 + random.nextInt(pageTokens);
    block.scale(1f);
    block.findNext(pages, new int[1], 0, 0, end - 1);
    block.advance();
    for (int row = 0; row < rows; row++) {
      block.see(row, 0, end);
    }
    block.see(0, 0, end, end);
    GeneratedAttention.run(kernel, q.address(), o.address(), state.address(), block.address());
    for (int row = 0; row < rows; row++) {
      // All scores are zero, so that each place weighs one.
      float sum = state.get(ValueLayout.JAVA_FLOAT, AttentionRows.SUMS + 4L * row);
      assertEquals(end, sum);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"AVX512", "AVX2"})
  void pagesAndRangesBeyondTheOperandsAreRefused(Tier tier, Random random) {
    try (var kernels = open(tier, SCALAR)) {
      var bounds = IndexOutOfBoundsException.class;
      for (int page : new int[] {-1, 10_000}) {
        var run = AttentionRun.random(random, KvType.F16, 8, 16).withPage(page);
        assertThrows(bounds, () -> run.run(kernels));
      }
      var partial = AttentionRun.floats(20, random, 1f);
      var out = AttentionRun.floats(8, random, 1f);
      assertThrows(bounds, () -> kernels.merge(8, 2, partial, 1, 10, out, 0));
      assertThrows(bounds, () -> kernels.merge(8, 2, partial, 0, -1, out, 0));
      assertThrows(bounds, () -> kernels.merge(8, 2, partial, 0, 10, out, 1));
      kernels.merge(8, 2, partial, 0, 10, out, 0);
    }
  }

  /// Stands behind kernels that must not need it.
  private static final class StoreOnly implements AttentionKernels {
    @Override
    public void store(
        KvPages pages,
        int page,
        int token,
        MemorySegment k,
        long kOffset,
        MemorySegment v,
        long vOffset) {
      SCALAR.store(pages, page, token, k, kOffset, v, vOffset);
    }

    @Override
    public void attend(
        KvPages pages,
        int[] pageTable,
        int kvHead,
        int group,
        int tokens,
        int position,
        int window,
        int span,
        float scale,
        MemorySegment q,
        long qOffset,
        long qStride,
        MemorySegment partial,
        long partialOffset,
        long partialStride) {
      throw new AssertionError("attention was left to others");
    }

    @Override
    public void merge(
        int headSize,
        int spans,
        MemorySegment partial,
        long partialOffset,
        long spanStride,
        MemorySegment out,
        long outOffset) {
      throw new AssertionError("merging was left to others");
    }
  }
}
