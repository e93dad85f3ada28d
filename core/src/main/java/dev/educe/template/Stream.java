package dev.educe.template;

import java.util.Iterator;
import java.util.List;

/// Python's generator or iterator, which can be gone through once: what `map` and `select` give.
///
/// The items are computed when it is made, so that streams of streams need no stack.
final class Stream implements Value, Iterator<Value> {
  private final List<Value> items;
  private int next;

  Stream(List<Value> items) {
    this.items = items;
  }

  @Override
  public boolean hasNext() {
    return next < items.size();
  }

  @Override
  public Value next() {
    return items.get(next++);
  }

  @Override
  public String typeName() {
    return "generator";
  }

  @Override
  public boolean isTrue() {
    return true;
  }
}
