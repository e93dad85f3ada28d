package dev.educe.backend.cpu;

import dev.educe.kernels.Activations;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;

/// What attention needs between its matrices; shared by all layers of one shape.
///
/// @param q F32 `[tokens, heads · headSize]`, padded to whole panels
/// @param k F32 `[tokens, kvHeads · headSize]`, likewise; `v` as `k`
/// @param x the input of the output matrix
/// @param partials F32 `[partialsMax, headSize + 16]`: results of single spans
/// @param partialsMax how many there is room for
record AttentionScratch(
    MemorySegment q,
    MemorySegment k,
    MemorySegment v,
    Activations x,
    MemorySegment partials,
    int partialsMax) {
  // Partial results of a prompt are kept for this many tokens at a time; more would only leave the
  // near caches.
  private static final int TOKENS_AT_ONCE = 192;

  static AttentionScratch of(
      Region region, int tokens, int heads, int kvHeads, int headSize, int spans) {
    int partialsMax = Math.max(heads * spans, heads * Math.min(tokens, TOKENS_AT_ONCE));
    return new AttentionScratch(
        region.allocate(tokens * padded(heads * headSize) * Float.BYTES),
        region.allocate(tokens * padded(kvHeads * headSize) * Float.BYTES),
        region.allocate(tokens * padded(kvHeads * headSize) * Float.BYTES),
        new Activations(region, tokens, heads * headSize),
        region.allocate((long) partialsMax * (headSize + 16) * Float.BYTES),
        partialsMax);
  }

  private static long padded(int size) {
    return Math.ceilDiv(size, 16) * 16L;
  }
}
