package dev.educe.kernels.codegen;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Keys and values of some tokens, and the pages they fill.
///
/// @param rows `[pages · pageTokens, kvHeads · headSize]`: the keys of each token, which are the
///   values of the one before
record StoreStress(MemorySegment rows, KvPages expected, KvPages actual) implements StressCase {
  private static final int PAGES = 2;

  static StressCase random(Random random, GuardedPages pages, Region region) {
    KvType type = StressCase.pick(random, KvType.values());
    int pageTokens = 16 << random.nextInt(3);
    int kvHeads = 1 + random.nextInt(4);
    int headSize = 8 * (1 + random.nextInt(32));
    long bytes = PAGES * kvHeads * pageTokens * type.bytes(headSize);
    MemorySegment rows = pages.allocate(4L * (tokens(pageTokens) + 1) * kvHeads * headSize, true);
    RandomOperands.floats(rows, random);
    var expected =
        new KvPages(
            type, pageTokens, kvHeads, headSize, region.allocate(bytes), region.allocate(bytes));
    var actual =
        new KvPages(
            type,
            pageTokens,
            kvHeads,
            headSize,
            pages.allocate(bytes, true),
            pages.allocate(bytes, true));
    var stress = new StoreStress(rows, expected, actual);
    stress.store(StressKernels.SCALAR.attention(), expected);
    return stress;
  }

  private static int tokens(int pageTokens) {
    return PAGES * pageTokens;
  }

  private void store(AttentionKernels kernels, KvPages pages) {
    int stride = pages.kvHeads() * pages.headSize();
    for (int token = 0; token < tokens(pages.pageTokens()); token++) {
      long at = (long) token * stride;
      kernels.store(
          pages,
          token / pages.pageTokens(),
          token % pages.pageTokens(),
          rows,
          at,
          rows,
          at + stride);
    }
  }

  @Override
  public String kernel() {
    return "store " + actual.type();
  }

  @Override
  public int repeats() {
    return 60;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    actual.keys().fill((byte) 0);
    actual.values().fill((byte) 0);
    store(kernels.attention(), actual);
    StressCase.requireSameBytes(expected.keys(), actual.keys(), "keys");
    StressCase.requireSameBytes(expected.values(), actual.values(), "values");
  }

  @Override
  public String toString() {
    return "%d heads of %d, pages of %d"
        .formatted(actual.kvHeads(), actual.headSize(), actual.pageTokens());
  }
}
