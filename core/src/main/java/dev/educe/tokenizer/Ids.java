package dev.educe.tokenizer;

import java.util.Arrays;

/// A growing list of numbers.
final class Ids {
  private int[] values;
  private int size;

  Ids() {
    this(16);
  }

  Ids(int capacity) {
    this.values = new int[capacity];
  }

  void add(int value) {
    if (size == values.length) {
      values = Arrays.copyOf(values, Math.max(16, size + (size >> 1)));
    }
    values[size++] = value;
  }

  int get(int index) {
    return values[index];
  }

  int last() {
    return values[size - 1];
  }

  int size() {
    return size;
  }

  void clear() {
    size = 0;
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }
}
