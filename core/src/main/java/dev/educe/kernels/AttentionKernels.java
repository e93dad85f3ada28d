package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// Attention over a paged KV cache: each query looks at a range of its sequence's positions.
///
/// Positions form blocks of 64 anchored at position 0. For a query, block by block, ascending:
/// `s[p] = (Σ over channels of q · k, fused, ascending) · scale` for the visible positions; `m` is
/// the running maximum, as [Math#max(float, float)] orders floats; `c = exp(mOld − m)`; `w[p] =
/// exp(s[p] − m)`; `l = fma(l, c, Σ w)` with the sum over 16 virtual lanes (`p mod 16`) and the
/// tree; `o[ch] = o[ch] · c`, then `o[ch] = fma(w[p], v[p][ch], o[ch])` ascending over visible
/// positions. Rescaling is always done; a block without a visible position is skipped. A *span* is
/// 1,024 positions, anchored at position 0; spans are computed apart and merged ascending, so that
/// a long context may be split over threads without changing a bit.
public interface AttentionKernels {
  /// Positions of a block.
  int BLOCK = 64;

  /// Positions of a span.
  int SPAN = 1024;

  /// Writes keys and values of one token into its page, rounded to the cache's type.
  ///
  /// @param pages the layer's
  /// @param page the page that holds the token's position
  /// @param token its place in that page
  /// @param k F32 `[kvHeads, headSize]`, beginning at float `kOffset`
  /// @param v F32 `[kvHeads, headSize]`, beginning at float `vOffset`
  void store(
      KvPages pages,
      int page,
      int token,
      MemorySegment k,
      long kOffset,
      MemorySegment v,
      long vOffset);

  /// Attends from the query heads of one KV head, for consecutive tokens of one sequence, to the
  /// positions of one span, and writes the span's partial results.
  ///
  /// The token `t` (0 ≤ t < tokens) has position `position + t` and sees the positions from `max(0,
  /// position + t − window + 1)` to `position + t`. A token that sees nothing of the span gets `m =
  /// −∞, l = 0, o = 0`.
  ///
  /// | operand   | type | shape                                                                    |
  /// |-----------|------|--------------------------------------------------------------------------|
  /// | `q`       | F32  | token `t`'s heads of this group begin at float `qOffset + t · qStride`: `[group, headSize]` |
  /// | `partial` | F32  | head `g` of token `t` begins at float `partialOffset + t · partialStride + g · (headSize + 16)`: `o [headSize]`, then `m`, `l` |
  ///
  /// @param pages the layer's
  /// @param pageTable the sequence's pages; read from index 0
  /// @param kvHead whose keys and values are read
  /// @param group query heads that share the KV head
  /// @param tokens how many consecutive tokens
  /// @param position of the first token
  /// @param window positions a token sees at most, itself included; [Integer#MAX_VALUE] for all
  /// @param span which span: positions `1024 · span` to `1024 · span + 1023`
  /// @param scale factor of the scores
  void attend(
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
      long partialStride);

  /// Merges the partial results of one head of one token, span by span ascending, and divides.
  ///
  /// From the first span on: `M = max(m, m')`, `a = exp(m − M)`, `b = exp(m' − M)`, `l = fma(l', b,
  /// l · a)`, `o = fma(o', b, o · a)`; a partial with `l' = 0` is skipped. At the end `out = o /
  /// l`. The maximum is that of [Math#max(float, float)].
  ///
  /// @param spans how many partial results
  /// @param partial the first begins at float `partialOffset`, each next `spanStride` floats later
  /// @param out F32 `[headSize]`, beginning at float `outOffset`
  void merge(
      int headSize,
      int spans,
      MemorySegment partial,
      long partialOffset,
      long spanStride,
      MemorySegment out,
      long outOffset);
}
