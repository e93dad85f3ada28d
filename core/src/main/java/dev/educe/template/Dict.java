package dev.educe.template;

import java.util.Map;

/// Python's `dict`, in the order of insertion; it cannot be changed here.
final class Dict implements Value {
  private final Map<Value, Value> entries;
  private final Nesting nesting;

  /// @param entries in order, with keys that can be hashed; not to be changed any more
  Dict(Map<Value, Value> entries) {
    this.entries = entries;
    this.nesting = Nesting.above(entries.keySet()).and(Nesting.above(entries.values()));
  }

  /// Refuses keys that Python cannot hash, also within tuples.
  static Value key(Value key) {
    if (key instanceof Seq seq && seq.isTuple()) {
      seq.items().forEach(Dict::key);
    } else if (key instanceof Seq || key instanceof Dict) {
      throw new TemplateException(
          "a value of type " + key.typeName() + " cannot be a key (unhashable type)");
    }
    return key;
  }

  Map<Value, Value> entries() {
    return entries;
  }

  Nesting nesting() {
    return nesting;
  }

  @Override
  public String typeName() {
    return "dict";
  }

  @Override
  public boolean isTrue() {
    return !entries.isEmpty();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Dict that && entries.equals(that.entries);
  }

  @Override
  public int hashCode() {
    return entries.hashCode();
  }
}
