package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// The keys and values of one layer, in pages that sequences own by page table.
///
/// | part   | type     | shape of a page and KV head                                       |
/// |--------|----------|-------------------------------------------------------------------|
/// | keys   | [#type]  | `[headSize, pageTokens]`: lanes are positions                     |
/// | values | [#type]  | `[pageTokens, headSize]`: lanes are channels                      |
///
/// The position `p` of a sequence lies in page `pageTable[p / pageTokens]` at token `p mod
/// pageTokens`. Pages begin at multiples of 64 bytes.
///
/// @param type of both
/// @param pageTokens tokens of a page: 16, 32 or 64
/// @param kvHeads heads of keys and of values
/// @param headSize channels of a head, for keys and values alike
/// @param keys `[pages, kvHeads, headSize, pageTokens]`
/// @param values `[pages, kvHeads, pageTokens, headSize]`
public record KvPages(
    KvType type,
    int pageTokens,
    int kvHeads,
    int headSize,
    MemorySegment keys,
    MemorySegment values) {
  /// Where the keys or the values of a page and KV head begin, in bytes.
  public long offset(int page, int kvHead) {
    return ((long) page * kvHeads + kvHead) * headSize * pageTokens * type.bytes();
  }

  /// Where one element of a key lies, in bytes.
  public long keyOffset(int page, int kvHead, int token, int channel) {
    return offset(page, kvHead) + ((long) channel * pageTokens + token) * type.bytes();
  }

  /// Where one element of a value lies, in bytes.
  public long valueOffset(int page, int kvHead, int token, int channel) {
    return offset(page, kvHead) + ((long) token * headSize + channel) * type.bytes();
  }
}
