package dev.educe.grammar;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Sets of characters as sets of UTF-8 byte sequences.
///
/// Source: RFC 3629; the splitting of ranges is that of Cox 2010, "Regular Expression Matching in
/// the Wild".
final class Utf8 {
  // The highest code point of one, two, three and four bytes.
  private static final int[] LENGTH_MAX = {0x7f, 0x7ff, 0xffff, CodePoints.MAX};

  private Utf8() {}

  /// The bytes of any one of these characters. Beginnings and ends that several share are there
  /// once.
  static Expression expression(CodePoints characters) {
    var sequences = new ArrayList<List<ByteSet>>();
    for (int[] range : characters.ranges()) {
      int low = range[0];
      for (int length = 1; length <= LENGTH_MAX.length && low <= range[1]; length++) {
        int high = Math.min(range[1], LENGTH_MAX[length - 1]);
        if (low <= high) {
          split(low, high, length, sequences);
          low = high + 1;
        }
      }
    }
    return tree(sequences);
  }

  private static Expression tree(List<List<ByteSet>> sequences) {
    var byFirst = new LinkedHashMap<ByteSet, List<List<ByteSet>>>();
    for (List<ByteSet> sequence : sequences) {
      byFirst
          .computeIfAbsent(sequence.getFirst(), _ -> new ArrayList<>())
          .add(sequence.subList(1, sequence.size()));
    }
    var byRest = new LinkedHashMap<Expression, ByteSet>();
    byFirst.forEach((first, rests) -> {
      boolean isEnd = rests.getFirst().isEmpty();
      byRest.merge(isEnd ? Expression.EMPTY : tree(rests), first, ByteSet::or);
    });
    var options = new ArrayList<Expression>();
    byRest.forEach(
        (rest, first) -> options.add(Expression.sequence(new Expression.Bytes(first), rest)));
    return Expression.choice(options);
  }

  /// Cuts a range of characters of one length until the bytes of each part vary independently.
  private static void split(int low, int high, int length, List<List<ByteSet>> target) {
    for (int tail = 1; tail < length; tail++) {
      int mask = (1 << 6 * tail) - 1;
      if ((low & ~mask) != (high & ~mask)) {
        if ((low & mask) != 0) {
          split(low, low | mask, length, target);
          split((low | mask) + 1, high, length, target);
          return;
        }
        if ((high & mask) != mask) {
          split(low, (high & ~mask) - 1, length, target);
          split(high & ~mask, high, length, target);
          return;
        }
      }
    }
    var bytes = new ArrayList<ByteSet>(length);
    for (int i = 0; i < length; i++) {
      bytes.add(ByteSet.range(at(low, i, length), at(high, i, length)));
    }
    target.add(bytes);
  }

  /// Byte `index` of a character that takes `length` bytes.
  private static int at(int codePoint, int index, int length) {
    if (length == 1) {
      return codePoint;
    }
    int bits = codePoint >> 6 * (length - 1 - index);
    return index == 0 ? 0xf00 >> length & 0xff | bits : 0x80 | bits & 0x3f;
  }
}
