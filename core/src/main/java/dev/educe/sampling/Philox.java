package dev.educe.sampling;

/// Random numbers as a function: the same key and counter give the same bits on every machine.
///
/// There is no state to keep or to hand over, so a draw depends neither on earlier draws nor on who
/// else draws. Philox4x32-10, ten rounds of two multiplications, two exclusive ors and a key that
/// grows by constants.
///
/// Source: Salmon, Moraes, Dror and Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3",
/// section 3.3.
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xd2511f53L;
  private static final long MULTIPLIER_1 = 0xcd9e8d57L;
  // The golden ratio and the square root of three, less one, as fractions of 2³².
  private static final int KEY_STEP_0 = 0x9e3779b9;
  private static final int KEY_STEP_1 = 0xbb67ae85;

  private Philox() {}

  /// 128 random bits.
  ///
  /// @param key chooses the stream: a seed
  /// @param counterLow words 0 and 1 of the counter, the lower half first
  /// @param counterHigh words 2 and 3 of the counter
  /// @param words receives four words
  public static void block(long key, long counterLow, long counterHigh, int[] words) {
    int key0 = (int) key;
    int key1 = (int) (key >>> 32);
    int word0 = (int) counterLow;
    int word1 = (int) (counterLow >>> 32);
    int word2 = (int) counterHigh;
    int word3 = (int) (counterHigh >>> 32);
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(word0);
      long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(word2);
      word0 = (int) (product1 >>> 32) ^ word1 ^ key0;
      word1 = (int) product1;
      word2 = (int) (product0 >>> 32) ^ word3 ^ key1;
      word3 = (int) product0;
      key0 += KEY_STEP_0;
      key1 += KEY_STEP_1;
    }
    words[0] = word0;
    words[1] = word1;
    words[2] = word2;
    words[3] = word3;
  }
}
