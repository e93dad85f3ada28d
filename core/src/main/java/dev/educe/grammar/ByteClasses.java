package dev.educe.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;

/// Bytes that no set of a program tells apart, as classes. Immutable.
final class ByteClasses {
  private final int[] classOf = new int[256];
  private final int count;
  private final int words; // of 64 classes
  private final long[] members; // [sets, words]: bit c of a set's tells whether class c is in it

  ByteClasses(List<ByteSet> sets) {
    var signatures = new HashMap<List<Integer>, Integer>();
    for (int value = 0; value < 256; value++) {
      var signature = new ArrayList<Integer>();
      for (int set = 0; set < sets.size(); set++) {
        if (sets.get(set).contains(value)) {
          signature.add(set);
        }
      }
      Integer found = signatures.putIfAbsent(signature, signatures.size());
      classOf[value] = found == null ? signatures.size() - 1 : found;
    }
    count = signatures.size();
    words = (count + 63) >> 6;
    members = new long[sets.size() * words];
    signatures.forEach((signature, kind) -> {
      for (int set : signature) {
        members[set * words + (kind >> 6)] |= 1L << kind;
      }
    });
  }

  int count() {
    return count;
  }

  int of(byte value) {
    return classOf[value & 0xff];
  }

  boolean contains(int set, int kind) {
    return (members[set * words + (kind >> 6)] >>> kind & 1) != 0;
  }

  /// All classes: bit *c* is class *c*.
  long[] all() {
    long[] all = new long[words];
    Arrays.fill(all, -1);
    all[words - 1] = -1L >>> (words << 6) - count;
    return all;
  }

  /// Keeps those of some classes that a set does not tell apart from one.
  void keepAlike(long[] some, int set, int kind) {
    long flip = contains(set, kind) ? 0 : -1;
    for (int i = 0; i < words; i++) {
      some[i] &= members[set * words + i] ^ flip;
    }
  }

  /// A byte of each class of plain bytes, see [TokenTrie#isPlain].
  byte[] plain() {
    var known = new boolean[count];
    byte[] plain = new byte[count];
    int found = 0;
    for (int value = 0; value < 128; value++) {
      if (TokenTrie.isPlain((byte) value) && !known[classOf[value]]) {
        known[classOf[value]] = true;
        plain[found++] = (byte) value;
      }
    }
    return Arrays.copyOf(plain, found);
  }
}
