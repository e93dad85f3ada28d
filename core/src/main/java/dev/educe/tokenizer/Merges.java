package dev.educe.tokenizer;

import java.util.Arrays;

/// Which two neighbouring symbols become one, and which pair goes first.
///
/// A symbol is a number: a token's id, or one after all of them for a text that is no token. Pairs
/// are stored by their left symbol, and found by binary search among its right ones: no hash that a
/// hostile vocabulary could overload.
final class Merges {
  private final int[] starts; // [symbols + 1]; where the pairs of a left symbol begin
  private final int[] rights; // [pairs], ascending within a left symbol
  private final int[] ranks; // [pairs]; the lowest goes first
  private final int[] results; // [pairs]; the symbol that the two become

  private Merges(int[] starts, int[] rights, int[] ranks, int[] results) {
    this.starts = starts;
    this.rights = rights;
    this.ranks = ranks;
    this.results = results;
  }

  /// The pair's number, or -1 if these two stay apart.
  int find(int left, int right) {
    int index = Arrays.binarySearch(rights, starts[left], starts[left + 1], right);
    return index < 0 ? -1 : index;
  }

  int rank(int pair) {
    return ranks[pair];
  }

  int result(int pair) {
    return results[pair];
  }

  /// Collects pairs.
  static final class Builder {
    private final Ids lefts = new Ids();
    private final Ids rights = new Ids();
    private final Ids ranks = new Ids();
    private final Ids results = new Ids();

    /// Adds a pair, unless it was added before.
    void add(int left, int right, int rank, int result) {
      lefts.add(left);
      rights.add(right);
      ranks.add(rank);
      results.add(result);
    }

    /// @param symbols more than any symbol added
    Merges build(int symbols) {
      var order = new int[lefts.size()];
      Arrays.setAll(order, i -> i);
      order = sorted(sorted(order, rights, symbols), lefts, symbols);
      var starts = new int[symbols + 1];
      var kept = new Ids(order.length);
      for (int i = 0; i < order.length; i++) {
        boolean first = i == 0 || !samePair(order[i - 1], order[i]);
        if (first) {
          kept.add(order[i]);
          starts[lefts.get(order[i]) + 1]++;
        }
      }
      for (int symbol = 0; symbol < symbols; symbol++) {
        starts[symbol + 1] += starts[symbol];
      }
      int[] pairs = kept.toArray();
      return new Merges(starts, pick(rights, pairs), pick(ranks, pairs), pick(results, pairs));
    }

    private boolean samePair(int a, int b) {
      return lefts.get(a) == lefts.get(b) && rights.get(a) == rights.get(b);
    }

    /// A counting sort, which leaves equals in their order.
    private static int[] sorted(int[] order, Ids keys, int symbols) {
      var places = new int[symbols + 1];
      for (int i : order) {
        places[keys.get(i) + 1]++;
      }
      for (int symbol = 0; symbol < symbols; symbol++) {
        places[symbol + 1] += places[symbol];
      }
      var result = new int[order.length];
      for (int i : order) {
        result[places[keys.get(i)]++] = i;
      }
      return result;
    }

    private static int[] pick(Ids values, int[] indices) {
      return Arrays.stream(indices).map(values::get).toArray();
    }
  }
}
