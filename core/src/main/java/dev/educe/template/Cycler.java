package dev.educe.template;

import java.util.List;

/// What `cycler()` gives: values that follow each other round and round.
final class Cycler implements Value {
  private final List<Value> items;
  private int position;

  Cycler(List<Value> items) {
    if (items.isEmpty()) {
      throw new TemplateException("cycler() needs at least one item");
    }
    this.items = items;
  }

  Value current() {
    return items.get(position);
  }

  Value next() {
    Value current = current();
    position = (position + 1) % items.size();
    return current;
  }

  void reset() {
    position = 0;
  }

  @Override
  public String typeName() {
    return "Cycler";
  }

  @Override
  public boolean isTrue() {
    return true;
  }
}
