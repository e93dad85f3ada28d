package dev.educe.kernels.codegen;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.educe.kernels.AttentionKernels;
import dev.educe.kernels.KernelSelector;
import dev.educe.kernels.KvPages;
import dev.educe.kernels.KvType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;

/// One call of attention with operands of its own.
///
/// Pages are scattered; positions that no token of the call sees hold NaN and infinities, and pages
/// of such positions alone are missing from the table.
final class AttentionRun {
  private static final AttentionKernels SCALAR =
      KernelSelector.select("scalar").kernels().attention();
  private static final int KV_HEADS = 2;
  private static final int KV_HEAD = 1;
  private static final float[] POISONS = {
    Float.NaN,
    Float.intBitsToFloat(0xffc01234),
    Float.intBitsToFloat(0x7f800001),
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    -0f
  };

  private final KvPages pages;
  private final int[] pageTable;
  private final int group;
  private final int tokens;
  private final int position;
  private final int window;
  private final int span;
  private final MemorySegment q;
  private final long qStride;
  private final long partialStride;
  private float scale;

  private AttentionRun(
      Random random,
      SegmentAllocator memory,
      KvPages pages,
      int group,
      int tokens,
      int position,
      int window,
      int span) {
    this.pages = pages;
    this.group = group;
    this.tokens = tokens;
    this.position = position;
    this.window = window;
    this.span = span;
    this.scale = (float) (1 / Math.sqrt(pages.headSize()));
    int pageCount = pageCount(pages);
    this.pageTable = random.ints(0, pageCount).distinct().limit(pageCount).toArray();
    Arrays.fill(pageTable, 0, firstSeen() / pages.pageTokens(), -1);
    this.qStride = (long) group * pages.headSize() + random.nextInt(5);
    this.partialStride = group * (pages.headSize() + 16L) + random.nextInt(5);
    long count = (tokens - 1) * qStride + (long) group * pages.headSize();
    this.q = floats(memory.allocate(4 * count, 4), random, 1f);
  }

  static AttentionRun random(Random random, KvType type, int headSize, int pageTokens) {
    int group = 1 + random.nextInt(9);
    int tokens = 1 + random.nextInt(1 + 40 / group);
    int position = random.nextInt(200);
    int window = random.nextInt(3) > 0 ? Integer.MAX_VALUE : 1 + random.nextInt(150);
    return of(random, type, headSize, pageTokens, group, tokens, position, window, 0);
  }

  static AttentionRun of(
      Random random,
      KvType type,
      int headSize,
      int pageTokens,
      int group,
      int tokens,
      int position,
      int window,
      int span) {
    return in(
        Arena.ofAuto(), random, type, headSize, pageTokens, group, tokens, position, window, span);
  }

  /// @param memory what all operands are allocated from
  static AttentionRun in(
      SegmentAllocator memory,
      Random random,
      KvType type,
      int headSize,
      int pageTokens,
      int group,
      int tokens,
      int position,
      int window,
      int span) {
    int count = Math.ceilDiv(position + tokens, pageTokens);
    long bytes = (long) count * KV_HEADS * pageTokens * type.bytes(headSize);
    var pages =
        new KvPages(
            type,
            pageTokens,
            KV_HEADS,
            headSize,
            memory.allocate(bytes, 64),
            memory.allocate(bytes, 64));
    var run = new AttentionRun(random, memory, pages, group, tokens, position, window, span);
    for (int token = 0; token < count * pageTokens; token++) {
      var row = poisons(KV_HEADS * headSize, random);
      SCALAR.store(pages, token / pageTokens, token % pageTokens, row, 0, row, 0);
    }
    for (int p = run.firstSeen(); p < position + tokens; p++) {
      int page = run.pageTable[p / pageTokens];
      SCALAR.store(pages, page, p % pageTokens, run.row(random), 0, run.row(random), 0);
    }
    return run;
  }

  /// A token's keys or values, of which only those of the head that is read are ordinary.
  private MemorySegment row(Random random) {
    var row = poisons(KV_HEADS * pages.headSize(), random);
    long headBytes = 4L * pages.headSize();
    var head = floats(MemorySegment.ofArray(new float[pages.headSize()]), random, 1f);
    MemorySegment.copy(head, 0, row, KV_HEAD * headBytes, headBytes);
    return row;
  }

  private static MemorySegment poisons(int count, Random random) {
    var floats = MemorySegment.ofArray(new float[count]);
    for (int i = 0; i < count; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, POISONS[random.nextInt(POISONS.length)]);
    }
    return floats;
  }

  /// Puts some elements that are not ordinary where tokens see them.
  void poison(Random random, int count) {
    for (int i = 0; i < count; i++) {
      float poison = POISONS[random.nextInt(POISONS.length)];
      int p = random.nextInt(firstSeen(), position + tokens);
      int channel = random.nextInt(pages.headSize());
      switch (random.nextInt(3)) {
        case 0 -> put(pages.keys(), p, channel, poison, true);
        case 1 -> put(pages.values(), p, channel, poison, false);
        default -> q.setAtIndex(ValueLayout.JAVA_FLOAT, random.nextLong(q.byteSize() / 4), poison);
      }
    }
  }

  /// Makes the scores so small that all become zeros of either sign.
  void shrinkScores() {
    for (long i = 0; i < q.byteSize() / 4; i++) {
      float value = q.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      q.setAtIndex(ValueLayout.JAVA_FLOAT, i, value * 1e-20f);
    }
    scale = 1e-30f;
  }

  /// The same with another page for the last position.
  AttentionRun withPage(int page) {
    pageTable[(position + tokens - 1) / pages.pageTokens()] = page;
    return this;
  }

  MemorySegment run(AttentionKernels kernels) {
    return run(kernels, Arena.ofAuto().allocate(partialBytes(), 4));
  }

  /// Bytes that the results take.
  long partialBytes() {
    return 4 * ((tokens - 1) * partialStride + group * (pages.headSize() + 16L)) + 12;
  }

  MemorySegment run(AttentionKernels kernels, MemorySegment partial) {
    partial.fill((byte) 0x55);
    kernels.attend(
        pages,
        pageTable,
        KV_HEAD,
        group,
        tokens,
        position,
        window,
        span,
        scale,
        q,
        0,
        qStride,
        partial,
        3,
        partialStride);
    return partial;
  }

  void assertSame(AttentionKernels expected, AttentionKernels actual) {
    var first = run(expected);
    var second = run(actual);
    for (long i = 0; i < first.byteSize() / 4; i++) {
      float one = first.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      float other = second.getAtIndex(ValueLayout.JAVA_FLOAT, i);
      long at = i;
      assertEquals(
          Float.floatToIntBits(one),
          Float.floatToIntBits(other),
          () -> "%s: float %d should be %s, got %s".formatted(this, at, one, other));
    }
  }

  private int firstSeen() {
    return Math.max(0, position - window + 1);
  }

  /// Overwrites an element, or its scale.
  private void put(MemorySegment to, int p, int channel, float value, boolean isKey) {
    int page = pageTable[p / pages.pageTokens()];
    int token = p % pages.pageTokens();
    long offset =
        pages.type().hasScales()
            ? pages.scaleOffset(page, KV_HEAD, token, channel)
            : isKey
                ? pages.keyOffset(page, KV_HEAD, token, channel)
                : pages.valueOffset(page, KV_HEAD, token, channel);
    if (pages.type() == KvType.F16) {
      to.set(ValueLayout.JAVA_SHORT, offset, Float.floatToFloat16(value));
    } else {
      to.set(ValueLayout.JAVA_FLOAT, offset, value);
    }
  }

  private static int pageCount(KvPages pages) {
    return (int) (pages.keys().byteSize() / pages.offset(1, 0));
  }

  static MemorySegment floats(long count, Random random, float factor) {
    return floats(Arena.ofAuto().allocate(4 * count, 4), random, factor);
  }

  private static MemorySegment floats(MemorySegment floats, Random random, float factor) {
    for (long i = 0; i < floats.byteSize() / 4; i++) {
      floats.setAtIndex(ValueLayout.JAVA_FLOAT, i, factor * (float) random.nextGaussian());
    }
    return floats;
  }

  @Override
  public String toString() {
    return "%s, head size %d, pages of %d, group %d, %d tokens at %d, window %d, span %d"
        .formatted(
            pages.type(),
            pages.headSize(),
            pages.pageTokens(),
            group,
            tokens,
            position,
            window,
            span);
  }
}
