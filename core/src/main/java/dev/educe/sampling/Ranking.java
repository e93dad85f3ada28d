package dev.educe.sampling;

import java.util.Arrays;

/// Token ids in the order of a number, higher first and ties to the lower id, sorted only as far as
/// somebody looks.
///
/// An entry is one long: the number's bits, turned so that integer order is descending number,
/// above the id. Entries are distinct, so their order is total and does not depend on how they are
/// sorted. Nothing is allocated after construction.
final class Ranking {
  /// The first look sorts this many: more than truncation usually leaves.
  private static final int FIRST_SORTED = 64;

  /// Each further look sorts this many times as many.
  private static final int GROWTH = 16;

  private final long[] entries; // [capacity]; the first `sorted` in order and before all others
  private int size;
  private int sorted;

  Ranking(int capacity) {
    entries = new long[capacity];
  }

  /// A number's bits, turned so that integer order is its order.
  static int bits(float number) {
    int bits = Float.floatToRawIntBits(number);
    return bits ^ ((bits >> 31) & 0x7fff_ffff);
  }

  /// The number of such bits.
  static float ofBits(int bits) {
    return Float.intBitsToFloat(bits ^ ((bits >> 31) & 0x7fff_ffff));
  }

  static float number(long entry) {
    return ofBits(~(int) (entry >>> 32));
  }

  static int id(long entry) {
    return (int) entry;
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
    sorted = 0;
  }

  /// The entry of a number and an id.
  ///
  /// @param number not NaN; −0 counts as +0
  static long entry(float number, int id) {
    return (long) ~bits(number + 0f) << 32 | id;
  }

  void add(float number, int id) {
    add(entry(number, id));
  }

  void add(long entry) {
    entries[size++] = entry;
    sorted = 0;
  }

  /// The entry at an index, in no order.
  long any(int index) {
    return entries[index];
  }

  /// The entry of a rank, 0 being the best.
  long at(int rank) {
    if (rank >= sorted) {
      sort(Math.min(size, Math.max(FIRST_SORTED, Math.max(rank + 1, sorted * GROWTH))));
    }
    return entries[rank];
  }

  /// Keeps the best, as many as `count`.
  void keepBest(int count) {
    if (count < size) {
      sort(count);
      size = count;
      sorted = count;
    }
  }

  /// Keeps entries up to this one.
  void keepTo(long last) {
    int kept = 0;
    int keptSorted = sorted;
    for (int i = 0; i < size; i++) {
      if (entries[i] <= last) {
        entries[kept++] = entries[i];
      } else if (i < sorted) {
        keptSorted--;
      }
    }
    size = kept;
    sorted = keptSorted;
  }

  /// Keeps the entries of another ranking, in no order.
  void take(Ranking other) {
    System.arraycopy(other.entries, 0, entries, 0, other.size);
    size = other.size;
    sorted = 0;
  }

  /// Drops the best, as many as `count`, but not all.
  void dropBest(int count) {
    sort(count);
    size -= count;
    sorted -= count;
    System.arraycopy(entries, count, entries, 0, size);
  }

  /// Puts other numbers to the same ids.
  void renumber(float[] numbers) {
    for (int i = 0; i < size; i++) {
      int id = id(entries[i]);
      entries[i] = entry(numbers[id], id);
    }
    sorted = 0;
  }

  /// Sorts until the best `count` entries stand in order before all others.
  private void sort(int count) {
    if (count <= sorted) {
      return;
    }
    // A heap finds few among many in one pass; for more than that, sorting everything is faster.
    if (count - sorted <= (size - sorted) / 8) {
      select(sorted, count);
      Arrays.sort(entries, sorted, count);
      sorted = count;
    } else {
      Arrays.sort(entries, sorted, size);
      sorted = size;
    }
  }

  /// Moves the least longs of `[from, size)` into `[from, to)`, which is kept as a heap, greatest
  /// at its root.
  private void select(int from, int to) {
    for (int node = (to - from) / 2 - 1; node >= 0; node--) {
      siftDown(from, to, node);
    }
    for (int i = to; i < size; i++) {
      if (entries[i] < entries[from]) {
        long worst = entries[from];
        entries[from] = entries[i];
        entries[i] = worst;
        siftDown(from, to, 0);
      }
    }
  }

  private void siftDown(int from, int to, int start) {
    int count = to - from;
    int node = start;
    long moving = entries[from + node];
    while (2 * node + 1 < count) {
      int child = 2 * node + 1;
      if (child + 1 < count && entries[from + child + 1] > entries[from + child]) {
        child++;
      }
      if (entries[from + child] <= moving) {
        break;
      }
      entries[from + node] = entries[from + child];
      node = child;
    }
    entries[from + node] = moving;
  }
}
