package dev.educe.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;

/// A set of Unicode scalar values, which are all code points but surrogates. Immutable.
///
/// Ranges ascend and neither touch nor overlap, so equal sets are equal objects.
final class CodePoints {
  static final int MAX = Character.MAX_CODE_POINT;

  static final CodePoints NONE = new CodePoints(new int[0]);
  static final CodePoints ALL = NONE.negate();

  private final int[] bounds; // low0, high0, low1, high1, …; both ends included

  private CodePoints(int[] bounds) {
    this.bounds = bounds;
  }

  /// The code points from `low` to `high`, both included.
  static CodePoints range(int low, int high) {
    return union(List.of(new int[] {low, high}));
  }

  /// One code point.
  static CodePoints of(int codePoint) {
    return range(codePoint, codePoint);
  }

  /// Each of the characters of a text.
  static CodePoints anyOf(String characters) {
    return union(characters.codePoints().mapToObj(c -> new int[] {c, c}).toList());
  }

  /// All that lie in one of these ranges.
  static CodePoints union(List<int[]> ranges) {
    var sorted = new ArrayList<int[]>();
    for (int[] range : ranges) {
      addScalars(sorted, range[0], range[1]);
    }
    sorted.sort((a, b) -> Integer.compare(a[0], b[0]));
    int[] bounds = new int[2 * sorted.size()];
    int size = 0;
    for (int[] range : sorted) {
      if (size > 0 && range[0] <= bounds[size - 1] + 1) {
        bounds[size - 1] = Math.max(bounds[size - 1], range[1]);
      } else {
        bounds[size++] = range[0];
        bounds[size++] = range[1];
      }
    }
    return new CodePoints(Arrays.copyOf(bounds, size));
  }

  private static void addScalars(List<int[]> ranges, int low, int high) {
    if (low <= Math.min(high, Character.MIN_SURROGATE - 1)) {
      ranges.add(new int[] {low, Math.min(high, Character.MIN_SURROGATE - 1)});
    }
    if (Math.max(low, Character.MAX_SURROGATE + 1) <= high) {
      ranges.add(new int[] {Math.max(low, Character.MAX_SURROGATE + 1), high});
    }
  }

  /// These and those.
  CodePoints or(CodePoints other) {
    var ranges = new ArrayList<>(ranges());
    ranges.addAll(other.ranges());
    return union(ranges);
  }

  /// Those that are in both.
  CodePoints and(CodePoints other) {
    int[] both = new int[bounds.length + other.bounds.length];
    int size = 0;
    for (int i = 0, j = 0; i < bounds.length && j < other.bounds.length; ) {
      int low = Math.max(bounds[i], other.bounds[j]);
      int high = Math.min(bounds[i + 1], other.bounds[j + 1]);
      if (low <= high) {
        both[size++] = low;
        both[size++] = high;
      }
      if (bounds[i + 1] < other.bounds[j + 1]) {
        i += 2;
      } else {
        j += 2;
      }
    }
    return new CodePoints(Arrays.copyOf(both, size));
  }

  /// These without those.
  CodePoints minus(CodePoints other) {
    return and(other.negate());
  }

  /// All others.
  CodePoints negate() {
    var ranges = new ArrayList<int[]>();
    int next = 0;
    for (int i = 0; i < bounds.length; i += 2) {
      if (bounds[i] > next) {
        addScalars(ranges, next, bounds[i] - 1);
      }
      next = bounds[i + 1] + 1;
    }
    if (next <= MAX) {
      addScalars(ranges, next, MAX);
    }
    return union(ranges);
  }

  /// The coarsest sets of which each of the given ones is a union; they do not overlap.
  static List<CodePoints> partition(Collection<CodePoints> sets) {
    var events = new ArrayList<int[]>(); // where a set begins or ends to hold, and which
    int index = 0;
    for (CodePoints set : sets) {
      for (int i = 0; i < set.bounds.length; i += 2) {
        events.add(new int[] {set.bounds[i], index});
        events.add(new int[] {set.bounds[i + 1] + 1, index});
      }
      index++;
    }
    events.sort((a, b) -> Integer.compare(a[0], b[0]));
    var classes = new LinkedHashMap<BitSet, List<int[]>>();
    var open = new BitSet();
    int from = 0;
    for (int[] event : events) {
      if (event[0] > from && !open.isEmpty()) {
        classes
            .computeIfAbsent((BitSet) open.clone(), _ -> new ArrayList<>())
            .add(new int[] {from, event[0] - 1});
      }
      from = event[0];
      open.flip(event[1]);
    }
    return classes.values().stream().map(CodePoints::union).toList();
  }

  boolean contains(int codePoint) {
    int low = 0;
    int high = bounds.length / 2 - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      if (codePoint < bounds[2 * middle]) {
        high = middle - 1;
      } else if (codePoint > bounds[2 * middle + 1]) {
        low = middle + 1;
      } else {
        return true;
      }
    }
    return false;
  }

  boolean isEmpty() {
    return bounds.length == 0;
  }

  /// Whether it has just one member.
  boolean isSingle() {
    return bounds.length == 2 && bounds[0] == bounds[1];
  }

  /// The lowest member.
  int first() {
    return bounds[0];
  }

  /// The ranges, ascending: `{low, high}` each.
  List<int[]> ranges() {
    var ranges = new ArrayList<int[]>(bounds.length / 2);
    for (int i = 0; i < bounds.length; i += 2) {
      ranges.add(new int[] {bounds[i], bounds[i + 1]});
    }
    return ranges;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CodePoints set && Arrays.equals(bounds, set.bounds);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bounds);
  }

  @Override
  public String toString() {
    var text = new StringBuilder("[");
    for (int[] range : ranges()) {
      text.append(String.format(" %x-%x", range[0], range[1]));
    }
    return text.append(" ]").toString();
  }
}
