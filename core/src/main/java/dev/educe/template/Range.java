package dev.educe.template;

import java.util.AbstractList;
import java.util.List;

/// Python's `range`, of at most [#LENGTH_MAX] numbers.
///
/// @param start the first number
/// @param stop the first that is not reached
/// @param step what each is more than the one before; not 0
record Range(long start, long stop, long step) implements Value {
  /// jinja2's sandbox allows no more.
  private static final int LENGTH_MAX = 100_000;

  Range {
    if (step == 0) {
      throw new TemplateException("range() must have a step that is not 0");
    }
    if (count(start, stop, step) > LENGTH_MAX) {
      throw new TemplateException("range() may have at most %,d numbers".formatted(LENGTH_MAX));
    }
  }

  private static long count(long start, long stop, long step) {
    if (step > 0 ? start >= stop : start <= stop) {
      return 0;
    }
    // Bounds are within 2^62, so nothing overflows.
    return step > 0 ? (stop - start - 1) / step + 1 : (start - stop - 1) / -step + 1;
  }

  int length() {
    return (int) count(start, stop, step);
  }

  Value at(int index) {
    return Int.of(start + index * step);
  }

  /// The numbers, computed as they are asked for.
  List<Value> items() {
    return new AbstractList<>() {
      @Override
      public Value get(int index) {
        return at(index);
      }

      @Override
      public int size() {
        return length();
      }
    };
  }

  @Override
  public String typeName() {
    return "range";
  }

  @Override
  public boolean isTrue() {
    return length() > 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Range that && items().equals(that.items());
  }

  @Override
  public int hashCode() {
    return length() == 0 ? 0 : Long.hashCode(start) + length();
  }
}
