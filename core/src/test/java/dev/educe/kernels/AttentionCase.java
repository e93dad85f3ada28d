package dev.educe.kernels;

import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;

/// One sequence with keys, values and queries of its own, and the pages that hold the former.
///
/// Pages are scattered, what no token wrote is NaN, and pages that no token of a call may see are
/// missing from the table it is given.
///
/// @param window positions a token sees at most
final class AttentionCase {
  /// The group of heads that is attended from; the other one holds something else.
  static final int KV_HEAD = 1;

  private static final int KV_HEADS = 2;

  final int headSize;
  final int group;
  final int length;
  final int window;
  final float scale;
  final MemorySegment k; // [length, KV_HEADS, headSize]
  final MemorySegment v; // [length, KV_HEADS, headSize]
  final MemorySegment q; // [length, group, headSize]

  AttentionCase(Region region, int headSize, int group, int length, int window, Random random) {
    this.headSize = headSize;
    this.group = group;
    this.length = length;
    this.window = window;
    this.scale = (float) (1 / Math.sqrt(headSize));
    int kvSize = length * KV_HEADS * headSize;
    this.k = FloatRows.random(region, kvSize, FloatRows.Content.ORDINARY, random);
    this.v = FloatRows.random(region, kvSize, FloatRows.Content.ORDINARY, random);
    this.q =
        FloatRows.random(region, length * group * headSize, FloatRows.Content.ORDINARY, random);
  }

  /// The pages of one run, written by the kernels under test.
  record Cache(KvPages pages, int[] pageTable) {}

  Cache store(Region region, AttentionKernels kernels, KvType type, int pageTokens, Random random) {
    int count = Math.ceilDiv(length, pageTokens);
    int spare = 3;
    long bytes = (long) (count + spare) * KV_HEADS * pageTokens * type.bytes(headSize);
    // All bits set: NaN in every type, since a scale of that is one.
    var keys = region.allocate(bytes).fill((byte) 0xff);
    var values = region.allocate(bytes).fill((byte) 0xff);
    var pages = new KvPages(type, pageTokens, KV_HEADS, headSize, keys, values);
    int[] pageTable = random.ints(0, count + spare).distinct().limit(count).toArray();
    for (int position = 0; position < length; position++) {
      long at = (long) position * KV_HEADS * headSize;
      int page = pageTable[position / pageTokens];
      kernels.store(pages, page, position % pageTokens, k, at, v, at);
    }
    return new Cache(pages, pageTable);
  }

  int spans() {
    return Math.ceilDiv(length, AttentionKernels.SPAN);
  }

  int partialStride() {
    return group * (headSize + 16);
  }

  /// The partial results of all spans for consecutive tokens: `[spans, tokens, group, headSize +
  /// 16]`.
  MemorySegment attend(
      Region region, AttentionKernels kernels, Cache cache, int position, int tokens) {
    long spanStride = (long) tokens * partialStride();
    var partial = region.allocate(spans() * spanStride * 4);
    int[] visible = visible(cache, position, tokens);
    for (int span = 0; span < spans(); span++) {
      kernels.attend(
          cache.pages,
          visible,
          KV_HEAD,
          group,
          tokens,
          position,
          window,
          span,
          scale,
          q,
          (long) position * group * headSize,
          (long) group * headSize,
          partial,
          span * spanStride,
          partialStride());
    }
    return partial;
  }

  /// The page table without the pages that none of the tokens sees.
  private int[] visible(Cache cache, int position, int tokens) {
    int tokensOfPage = cache.pages.pageTokens();
    int[] table = Arrays.copyOf(cache.pageTable, (position + tokens - 1) / tokensOfPage + 1);
    int first = Math.max(0, position - window + 1) / tokensOfPage;
    Arrays.fill(table, 0, first, -1);
    return table;
  }

  /// The results `[tokens, group, headSize]` of partial ones.
  MemorySegment merge(Region region, AttentionKernels kernels, MemorySegment partial, int tokens) {
    var out = region.allocate((long) tokens * group * headSize * 4);
    for (int row = 0; row < tokens * group; row++) {
      kernels.merge(
          headSize,
          spans(),
          partial,
          row * (headSize + 16L),
          (long) tokens * partialStride(),
          out,
          (long) row * headSize);
    }
    return out;
  }

  /// Stores, attends from the tokens and merges.
  MemorySegment run(
      Region region,
      AttentionKernels kernels,
      KvType type,
      int pageTokens,
      int position,
      int tokens,
      Random random) {
    var cache = store(region, kernels, type, pageTokens, random);
    return merge(region, kernels, attend(region, kernels, cache, position, tokens), tokens);
  }

  /// One result in double precision, from keys and values as the type rounds them: the values of
  /// all channels, then their bound of error in units of 2⁻²⁴.
  double[] exact(KvType type, int position, int head) {
    int first = Math.max(0, position - window + 1);
    double[] scores = new double[position + 1];
    double max = Double.NEGATIVE_INFINITY;
    double min = Double.POSITIVE_INFINITY;
    double products = 0;
    for (int p = first; p <= position; p++) {
      double magnitude = 0;
      for (int channel = 0; channel < headSize; channel++) {
        double query = FloatRows.at(q, ((long) position * group + head) * headSize + channel);
        double product = query * rounded(type, k, p, channel);
        scores[p] += product * scale;
        magnitude += Math.abs(product) * scale;
      }
      max = Math.max(max, scores[p]);
      min = Math.min(min, scores[p]);
      products = Math.max(products, magnitude);
    }
    double[] result = new double[2 * headSize];
    double sum = 0;
    for (int p = first; p <= position; p++) {
      double weight = StrictMath.exp(scores[p] - max);
      sum += weight;
      for (int channel = 0; channel < headSize; channel++) {
        double value = rounded(type, v, p, channel);
        result[channel] += weight * value;
        result[headSize + channel] += weight * Math.abs(value);
      }
    }
    int seen = position - first + 1;
    double bound = 2 * ((headSize + 2) * products + (max - min)) + seen + seen / 16.0 + 64;
    for (int channel = 0; channel < headSize; channel++) {
      result[channel] /= sum;
      result[headSize + channel] *= bound / sum;
    }
    return result;
  }

  private double rounded(KvType type, MemorySegment from, int position, int channel) {
    long head = ((long) position * KV_HEADS + KV_HEAD) * headSize;
    return KvRounding.rounded(type, from, head, headSize, channel);
  }
}
