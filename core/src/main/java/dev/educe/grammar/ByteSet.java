package dev.educe.grammar;

/// A set of byte values. Immutable.
///
/// @param w0 bit *i* is byte *i*
/// @param w1 bytes 64 to 127
/// @param w2 bytes 128 to 191
/// @param w3 bytes 192 to 255
record ByteSet(long w0, long w1, long w2, long w3) {
  static final ByteSet EMPTY = new ByteSet(0, 0, 0, 0);

  /// The bytes from `low` to `high`, both included.
  static ByteSet range(int low, int high) {
    return new ByteSet(
        word(low, high),
        word(low - 64, high - 64),
        word(low - 128, high - 128),
        word(low - 192, high - 192));
  }

  private static long word(int low, int high) {
    if (high < 0 || low > 63) {
      return 0;
    }
    int from = Math.max(low, 0);
    int to = Math.min(high, 63);
    return (-1L >>> (63 - to)) & (-1L << from);
  }

  /// One byte.
  static ByteSet of(int value) {
    return range(value & 0xff, value & 0xff);
  }

  /// These and those.
  ByteSet or(ByteSet other) {
    return new ByteSet(w0 | other.w0, w1 | other.w1, w2 | other.w2, w3 | other.w3);
  }

  boolean contains(int value) {
    long word =
        switch (value >> 6) {
          case 0 -> w0;
          case 1 -> w1;
          case 2 -> w2;
          default -> w3;
        };
    return (word >>> value & 1) != 0;
  }
}
