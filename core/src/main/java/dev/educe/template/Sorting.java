package dev.educe.template;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/// Python's stable sort, which asks nothing but whether one is less than another.
///
/// Java's own insists on an order that is total, which floats with NaN do not have.
final class Sorting {
  private final Meter meter;
  private final Operators operators;

  Sorting(Meter meter) {
    this.meter = meter;
    this.operators = new Operators(meter);
  }

  /// A sorted copy.
  ///
  /// @param isReversed whether to go down; equals keep their order all the same
  <T> List<T> sorted(List<T> items, Function<T, Value> key, boolean isReversed) {
    record Keyed<T>(Value key, T item) {}
    meter.items(2L * items.size());
    var keyed = new ArrayList<Keyed<T>>(items.size());
    items.forEach(item -> keyed.add(new Keyed<>(key.apply(item), item)));
    if (isReversed) {
      Collections.reverse(keyed);
    }
    var sorted = new ArrayList<>(keyed);
    for (int width = 1; width < sorted.size(); width *= 2) {
      var from = List.copyOf(sorted);
      for (int start = 0; start < from.size(); start += 2 * width) {
        int left = start;
        int leftEnd = Math.min(start + width, from.size());
        int right = leftEnd;
        int rightEnd = Math.min(leftEnd + width, from.size());
        for (int i = start; i < rightEnd; i++) {
          meter.spend(2); // a comparison, and a copy
          boolean takesRight =
              left == leftEnd
                  || (right < rightEnd
                      && operators.isLess(from.get(right).key(), from.get(left).key()));
          sorted.set(i, from.get(takesRight ? right++ : left++));
        }
      }
    }
    if (isReversed) {
      Collections.reverse(sorted);
    }
    var result = new ArrayList<T>(sorted.size());
    sorted.forEach(item -> result.add(item.item()));
    return result;
  }
}
