package dev.educe.template;

/// Python's `float`.
///
/// @param value the number
record Real(double value) implements Value {
  @Override
  public String typeName() {
    return "float";
  }

  @Override
  public boolean isTrue() {
    return value != 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Value that && Numbers.areEqual(this, that);
  }

  @Override
  public int hashCode() {
    return Numbers.hash(this);
  }
}
