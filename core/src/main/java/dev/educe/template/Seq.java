package dev.educe.template;

import java.util.List;

/// Python's `list` and `tuple`; neither can be changed here.
final class Seq implements Value {
  private final List<Value> items;
  private final List<String> fields;
  private final boolean isTuple;
  private final Nesting nesting;

  private Seq(List<Value> items, List<String> fields, boolean isTuple) {
    this.items = items;
    this.fields = fields;
    this.isTuple = isTuple;
    this.nesting = Nesting.above(items);
  }

  /// @param items not to be changed any more
  static Seq list(List<Value> items) {
    return new Seq(items, List.of(), false);
  }

  /// @param items not to be changed any more
  static Seq tuple(List<Value> items) {
    return new Seq(items, List.of(), true);
  }

  static Seq tuple(Value... items) {
    return tuple(List.of(items));
  }

  /// A tuple whose items have names, too.
  static Seq named(List<String> fields, List<Value> items) {
    return new Seq(items, fields, true);
  }

  /// Other items in a sequence of the same kind.
  Seq with(List<Value> others) {
    return new Seq(others, List.of(), isTuple);
  }

  List<Value> items() {
    return items;
  }

  List<String> fields() {
    return fields;
  }

  boolean isTuple() {
    return isTuple;
  }

  Nesting nesting() {
    return nesting;
  }

  @Override
  public String typeName() {
    return isTuple ? "tuple" : "list";
  }

  @Override
  public boolean isTrue() {
    return !items.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Seq that && isTuple == that.isTuple && items.equals(that.items);
  }

  @Override
  public int hashCode() {
    return items.hashCode();
  }
}
