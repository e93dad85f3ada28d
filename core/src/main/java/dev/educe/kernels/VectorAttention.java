package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// Attention on the Vector API: a block's keys and values are widened once and then shared by all
/// query heads of the KV head and all tokens of a slice.
final class VectorAttention implements AttentionKernels {
  /// Rows (query heads of tokens) of a slice: enough to make the widening cheap, few enough that
  /// queries and sums stay in the second-level cache.
  private static final int SLICE_ROWS = 256;

  private static final ThreadLocal<Scratch> SCRATCH = ThreadLocal.withInitial(Scratch::new);

  private final AttentionKernels scalar = new ScalarAttention();

  @Override
  public void store(
      KvPages pages,
      int page,
      int token,
      MemorySegment k,
      long kOffset,
      MemorySegment v,
      long vOffset) {
    scalar.store(pages, page, token, k, kOffset, v, vOffset);
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
    int headSize = pages.headSize();
    var scratch = SCRATCH.get();
    var slice = scratch.slice;
    scratch.kv.fit(headSize);
    int sliceTokens = Math.max(1, SLICE_ROWS / group);
    for (int from = 0; from < tokens; from += sliceTokens) {
      int count = Math.min(sliceTokens, tokens - from);
      slice.begin(scratch.kv, headSize, group, count, position + from, window, scale);
      for (int token = 0; token < count; token++) {
        slice.query(token, q, qOffset + (from + token) * qStride);
      }
      attend(scratch, pages, pageTable, kvHead, count, position + from, window, span);
      for (int token = 0; token < count; token++) {
        long offset = partialOffset + (from + token) * partialStride;
        for (int head = 0; head < group; head++) {
          slice.result(token, head, partial, offset + head * (headSize + 16L));
        }
      }
    }
  }

  private static void attend(
      Scratch scratch,
      KvPages pages,
      int[] pageTable,
      int kvHead,
      int tokens,
      int position,
      int window,
      int span) {
    long end = Math.min((span + 1L) * SPAN, (long) position + tokens);
    for (int block = span * SPAN; block < end; block += BLOCK) {
      // The first and the last token that see something of the block.
      int tokenFrom = Math.max(0, block - position);
      int tokenTo = (int) Math.min(tokens, (long) block + BLOCK - 1 + window - position);
      if (tokenFrom < tokenTo) {
        int first = Math.max(block, position + tokenFrom - window + 1);
        int last = Math.min(block + BLOCK, position + tokenTo) - 1;
        scratch.kv.gather(pages, pageTable, kvHead, first, last);
        scratch.slice.attend(scratch.kv, block, tokenFrom, tokenTo);
      }
    }
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
    scalar.merge(headSize, spans, partial, partialOffset, spanStride, out, outOffset);
  }

  /// What a thread keeps between calls, so that a step allocates nothing.
  private static final class Scratch {
    final KvTile kv = new KvTile();
    final AttentionSlice slice = new AttentionSlice();
  }
}
