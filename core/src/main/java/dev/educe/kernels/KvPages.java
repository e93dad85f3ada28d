package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The keys and values of one layer, in pages that sequences own by page table.
///
/// | part   | type     | shape of a page and KV head                                       |
/// |--------|----------|-------------------------------------------------------------------|
/// | keys   | [#type]  | `[headSize, pageTokens]`: lanes are positions                     |
/// | values | [#type]  | `[pageTokens, headSize]`: lanes are channels                      |
/// | scales | F32      | `[⌈headSize / 32⌉, pageTokens]`, behind the keys and behind the values, if the type has them |
///
/// The position `p` of a sequence lies in page `pageTable[p / pageTokens]` at token `p mod
/// pageTokens`. Pages begin at multiples of 64 bytes. A page needs nothing beside its bytes: they
/// may be copied to another page, or to a file and back.
///
/// @param type of both
/// @param pageTokens tokens of a page: 16, 32 or 64
/// @param kvHeads heads of keys and of values
/// @param headSize channels of a head, for keys and values alike
/// @param keys `[pages, kvHeads]`, each with [#headBytes]
/// @param values `[pages, kvHeads]`, each with [#headBytes]
public record KvPages(
    KvType type,
    int pageTokens,
    int kvHeads,
    int headSize,
    MemorySegment keys,
    MemorySegment values) {
  /// Bytes of a KV head in a page of keys, or of values.
  public long headBytes() {
    return type.bytes(headSize) * pageTokens;
  }

  /// Where the keys or the values of a page and KV head begin, in bytes.
  public long offset(int page, int kvHead) {
    return ((long) page * kvHeads + kvHead) * headBytes();
  }

  /// Where one element of a key lies, in bytes.
  public long keyOffset(int page, int kvHead, int token, int channel) {
    return offset(page, kvHead) + ((long) channel * pageTokens + token) * type.elementBytes();
  }

  /// Where one element of a value lies, in bytes.
  public long valueOffset(int page, int kvHead, int token, int channel) {
    return offset(page, kvHead) + ((long) token * headSize + channel) * type.elementBytes();
  }

  /// Where the scale of an element lies, in bytes, among keys and values alike.
  public long scaleOffset(int page, int kvHead, int token, int channel) {
    long elements = (long) headSize * pageTokens * type.elementBytes();
    long scale = (long) channel / KvType.GROUP * pageTokens + token;
    return offset(page, kvHead) + elements + scale * Float.BYTES;
  }

  /// One element of a key, as attention reads it.
  public float key(int page, int kvHead, int token, int channel) {
    float element = type.get(keys, keyOffset(page, kvHead, token, channel));
    return type.hasScales() ? element * scale(keys, page, kvHead, token, channel) : element;
  }

  /// One element of a value, as attention reads it.
  public float value(int page, int kvHead, int token, int channel) {
    float element = type.get(values, valueOffset(page, kvHead, token, channel));
    return type.hasScales() ? element * scale(values, page, kvHead, token, channel) : element;
  }

  private float scale(MemorySegment part, int page, int kvHead, int token, int channel) {
    return part.get(ValueLayout.JAVA_FLOAT, scaleOffset(page, kvHead, token, channel));
  }
}
