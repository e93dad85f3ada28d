package dev.educe.template;

import java.util.List;

/// What a dict's `keys()`, `values()` and `items()` give: a sequence without indexes.
///
/// @param typeName `dict_keys`, `dict_values` or `dict_items`
/// @param items in order
/// @param nesting that of the items
record View(String typeName, List<Value> items, Nesting nesting) implements Value {
  View(String typeName, List<Value> items) {
    this(typeName, items, Nesting.above(items));
  }

  @Override
  public boolean isTrue() {
    return !items.isEmpty();
  }
}
