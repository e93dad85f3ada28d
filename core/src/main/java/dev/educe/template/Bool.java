package dev.educe.template;

import java.math.BigInteger;

/// Python's `True` and `False`, which are integers, too. There is one of each.
final class Bool implements Value {
  static final Bool FALSE = new Bool(BigInteger.ZERO);
  static final Bool TRUE = new Bool(BigInteger.ONE);

  private final BigInteger number;

  private Bool(BigInteger number) {
    this.number = number;
  }

  static Bool of(boolean value) {
    return value ? TRUE : FALSE;
  }

  BigInteger number() {
    return number;
  }

  @Override
  public String typeName() {
    return "bool";
  }

  @Override
  public boolean isTrue() {
    return this == TRUE;
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
