package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The definition of attention, as plain loops.
final class ScalarAttention implements AttentionKernels {
  private static final ThreadLocal<float[]> WEIGHTS =
      ThreadLocal.withInitial(() -> new float[BLOCK]);

  @Override
  public void store(
      KvPages pages,
      int page,
      int token,
      MemorySegment k,
      long kOffset,
      MemorySegment v,
      long vOffset) {
    int headSize = pages.headSize();
    int elementBytes = pages.type().elementBytes();
    long keyBytes = (long) pages.pageTokens() * elementBytes;
    for (int head = 0; head < pages.kvHeads(); head++) {
      long from = (long) head * headSize;
      long key = pages.keyOffset(page, head, token, 0);
      long value = pages.valueOffset(page, head, token, 0);
      if (pages.type().hasScales()) {
        long scales = pages.scaleOffset(page, head, token, 0);
        quantize(pages, k, kOffset + from, pages.keys(), key, keyBytes, scales);
        quantize(pages, v, vOffset + from, pages.values(), value, elementBytes, scales);
      } else {
        round(pages, k, kOffset + from, pages.keys(), key, keyBytes);
        round(pages, v, vOffset + from, pages.values(), value, elementBytes);
      }
    }
  }

  /// Writes a head's channels, `stride` bytes apart.
  private static void round(
      KvPages pages, MemorySegment x, long xOffset, MemorySegment to, long offset, long stride) {
    for (int channel = 0; channel < pages.headSize(); channel++) {
      pages.type().put(to, offset + channel * stride, at(x, xOffset + channel));
    }
  }

  /// Writes a head's channels, `stride` bytes apart, and their scales. Of what is not finite the
  /// scale is not finite either, so that all its channels are read as NaN.
  private static void quantize(
      KvPages pages,
      MemorySegment x,
      long xOffset,
      MemorySegment to,
      long offset,
      long stride,
      long scaleOffset) {
    for (int first = 0; first < pages.headSize(); first += KvType.GROUP) {
      int end = Math.min(first + KvType.GROUP, pages.headSize());
      float amax = 0f;
      for (int channel = first; channel < end; channel++) {
        amax = Math.max(amax, Math.abs(at(x, xOffset + channel)));
      }
      boolean isZero = amax < 0x1p-100f;
      float id = isZero ? 0f : 127f / amax;
      for (int channel = first; channel < end; channel++) {
        pages.type().put(to, offset + channel * stride, at(x, xOffset + channel) * id);
      }
      long group = (long) first / KvType.GROUP * pages.pageTokens();
      float scale = isZero ? 0f : amax / 127f;
      to.set(ValueLayout.JAVA_FLOAT, scaleOffset + group * Float.BYTES, scale);
    }
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
    for (int token = 0; token < tokens; token++) {
      // The places of the span that the token sees.
      int last = Math.min(position + token, span * SPAN + SPAN - 1);
      int first = Math.max(position + token - window + 1, span * SPAN);
      for (int head = 0; head < group; head++) {
        long qAt = qOffset + token * qStride + (long) head * headSize;
        long at = partialOffset + token * partialStride + head * (headSize + 16L);
        attend(pages, pageTable, kvHead, first, last, scale, q, qAt, partial, at);
      }
    }
  }

  /// Attends from one query to the positions from `first` to `last`.
  private static void attend(
      KvPages pages,
      int[] pageTable,
      int kvHead,
      int first,
      int last,
      float scale,
      MemorySegment q,
      long qOffset,
      MemorySegment partial,
      long offset) {
    int headSize = pages.headSize();
    float[] weights = WEIGHTS.get();
    float m = Float.NEGATIVE_INFINITY;
    float l = 0f;
    for (int channel = 0; channel < headSize; channel++) {
      set(partial, offset + channel, 0f);
    }
    for (int from = first; from <= last; from = (from / BLOCK + 1) * BLOCK) {
      int to = Math.min(last + 1, (from / BLOCK + 1) * BLOCK);
      float max = m;
      for (int p = from; p < to; p++) {
        weights[p - from] = dot(pages, pageTable, kvHead, p, q, qOffset) * scale;
        max = Math.max(max, weights[p - from]);
      }
      float change = Exponential.exp(m - max);
      for (int p = from; p < to; p++) {
        weights[p - from] = Exponential.exp(weights[p - from] - max);
      }
      l = Math.fma(l, change, sum(weights, from, to));
      m = max;
      for (int channel = 0; channel < headSize; channel++) {
        float o = at(partial, offset + channel) * change;
        for (int p = from; p < to; p++) {
          o = Math.fma(weights[p - from], value(pages, pageTable, kvHead, p, channel), o);
        }
        set(partial, offset + channel, o);
      }
    }
    set(partial, offset + headSize, m);
    set(partial, offset + headSize + 1, l);
  }

  private static float dot(
      KvPages pages, int[] pageTable, int kvHead, int position, MemorySegment q, long qOffset) {
    int page = pageTable[position / pages.pageTokens()];
    int token = position % pages.pageTokens();
    float sum = 0f;
    for (int channel = 0; channel < pages.headSize(); channel++) {
      sum = Math.fma(at(q, qOffset + channel), pages.key(page, kvHead, token, channel), sum);
    }
    return sum;
  }

  private static float value(
      KvPages pages, int[] pageTable, int kvHead, int position, int channel) {
    int page = pageTable[position / pages.pageTokens()];
    return pages.value(page, kvHead, position % pages.pageTokens(), channel);
  }

  /// Sums the weights of positions of one block.
  private static float sum(float[] weights, int from, int to) {
    float[] lanes = RowSums.lanes();
    for (int p = from; p < to; p++) {
      lanes[p % RowSums.LANES] += weights[p - from];
    }
    return RowSums.tree(lanes);
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
    float m = Float.NEGATIVE_INFINITY;
    float l = 0f;
    for (int channel = 0; channel < headSize; channel++) {
      set(out, outOffset + channel, 0f);
    }
    for (int span = 0; span < spans; span++) {
      long offset = partialOffset + span * spanStride;
      float spanM = at(partial, offset + headSize);
      float spanL = at(partial, offset + headSize + 1);
      if (spanL == 0f) {
        continue;
      }
      float max = Math.max(m, spanM);
      float a = Exponential.exp(m - max);
      float b = Exponential.exp(spanM - max);
      m = max;
      l = Math.fma(spanL, b, l * a);
      for (int channel = 0; channel < headSize; channel++) {
        float o = at(out, outOffset + channel) * a;
        set(out, outOffset + channel, Math.fma(at(partial, offset + channel), b, o));
      }
    }
    for (int channel = 0; channel < headSize; channel++) {
      set(out, outOffset + channel, at(out, outOffset + channel) / l);
    }
  }

  private static float at(MemorySegment floats, long index) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, index);
  }

  private static void set(MemorySegment floats, long index, float value) {
    floats.setAtIndex(ValueLayout.JAVA_FLOAT, index, value);
  }
}
