package dev.educe.grammar;

import java.util.ArrayList;
import java.util.List;

/// Sets of characters as sets of UTF-8 byte sequences.
///
/// Source: RFC 3629; the splitting of ranges is that of Cox 2010, "Regular Expression Matching in
/// the Wild".
final class Utf8 {
  // The highest code point of one, two, three and four bytes.
  private static final int[] LENGTH_MAX = {0x7f, 0x7ff, 0xffff, CodePoints.MAX};

  private Utf8() {}

  /// The bytes of any one of these characters.
  static Expression expression(CodePoints characters) {
    ByteSet ascii = ByteSet.EMPTY;
    var longer = new ArrayList<Expression>();
    for (int[] range : characters.ranges()) {
      int low = range[0];
      for (int length = 1; length <= LENGTH_MAX.length && low <= range[1]; length++) {
        int high = Math.min(range[1], LENGTH_MAX[length - 1]);
        if (low > high) {
          continue;
        }
        if (length == 1) {
          ascii = ascii.or(ByteSet.range(low, high));
        } else {
          split(low, high, length, longer);
        }
        low = high + 1;
      }
    }
    if (!ascii.equals(ByteSet.EMPTY)) {
      longer.addFirst(new Expression.Bytes(ascii));
    }
    return Expression.choice(longer);
  }

  /// Cuts a range of characters of one length until the bytes of each part vary independently.
  private static void split(int low, int high, int length, List<Expression> target) {
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
    var bytes = new ArrayList<Expression>(length);
    for (int i = 0; i < length; i++) {
      bytes.add(new Expression.Bytes(ByteSet.range(at(low, i, length), at(high, i, length))));
    }
    target.add(Expression.sequence(bytes));
  }

  /// Byte `index` of a character that takes `length` bytes, at least two.
  private static int at(int codePoint, int index, int length) {
    int bits = codePoint >> 6 * (length - 1 - index);
    return index == 0 ? 0xf00 >> length & 0xff | bits : 0x80 | bits & 0x3f;
  }
}
