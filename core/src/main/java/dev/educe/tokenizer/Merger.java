package dev.educe.tokenizer;

import java.util.Arrays;

/// Merges a sequence of symbols, pair by pair: of all neighbours the pair of the lowest rank first,
/// of equal ones the leftmost.
///
/// The symbols are a linked list and the pairs wait in a heap, so the time is O(n log n) whatever
/// the symbols are. Made for one thread, to be used again and again.
///
/// Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units".
final class Merger {
  private static final int NO_PAIR = -1;

  private final Merges merges;
  private int count;
  private int[] symbols = {}; // by the place where each begins
  private int[] next = {}; // the place of the symbol after, or count
  private int[] previous = {}; // the place of the symbol before, or -1
  private int[] pairs = {}; // the pair of this symbol and the next; outdated entries differ
  private long[] heap = {}; // rank and place of pairs, the least on top
  private int heapSize;
  private long steps;

  Merger(Merges merges) {
    this.merges = merges;
  }

  /// Makes room for a new sequence, of which each symbol must then be [set][#set].
  void begin(int length) {
    if (length > symbols.length) {
      int capacity = Math.max(64, length + (length >> 1));
      symbols = new int[capacity];
      next = new int[capacity];
      previous = new int[capacity];
      pairs = new int[capacity];
      heap = new long[capacity];
    }
    count = length;
  }

  void set(int place, int symbol) {
    symbols[place] = symbol;
  }

  /// Merges until no two neighbours are a pair.
  void run() {
    heapSize = 0;
    for (int place = 0; place < count; place++) {
      previous[place] = place - 1;
      next[place] = place + 1;
    }
    for (int place = 0; place < count; place++) {
      findPair(place);
    }
    while (heapSize > 0) {
      long least = pop();
      int place = (int) least;
      int pair = pairs[place];
      if (pair != NO_PAIR && merges.rank(pair) == (int) (least >> 32)) {
        merge(place, pair);
      }
    }
  }

  /// The symbol that begins at a place where one does.
  int symbol(int place) {
    return symbols[place];
  }

  /// Where the symbol after this one begins; the length if this is the last.
  int next(int place) {
    return next[place];
  }

  /// How much work was done since this was made: a measure for tests.
  long steps() {
    return steps;
  }

  private void merge(int place, int pair) {
    int gone = next[place];
    symbols[place] = merges.result(pair);
    next[place] = next[gone];
    if (next[gone] < count) {
      previous[next[gone]] = place;
    }
    pairs[gone] = NO_PAIR;
    findPair(place);
    if (previous[place] >= 0) {
      findPair(previous[place]);
    }
  }

  private void findPair(int place) {
    steps++;
    int after = next[place];
    int pair = after < count ? merges.find(symbols[place], symbols[after]) : NO_PAIR;
    pairs[place] = pair;
    if (pair != NO_PAIR) {
      push((long) merges.rank(pair) << 32 | place);
    }
  }

  private void push(long entry) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, 2 * heap.length);
    }
    int hole = heapSize++;
    while (hole > 0) {
      steps++;
      int parent = (hole - 1) >> 1;
      if (heap[parent] <= entry) {
        break;
      }
      heap[hole] = heap[parent];
      hole = parent;
    }
    heap[hole] = entry;
  }

  private long pop() {
    long top = heap[0];
    long entry = heap[--heapSize];
    int hole = 0;
    while (true) {
      steps++;
      int child = 2 * hole + 1;
      if (child >= heapSize) {
        break;
      }
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = entry;
    return top;
  }
}
