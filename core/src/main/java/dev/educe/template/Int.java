package dev.educe.template;

import java.math.BigInteger;

/// Python's `int`, of up to [#BITS_MAX] bits.
///
/// @param value the number
record Int(BigInteger value) implements Value {
  /// Somewhat more than the 4,300 digits that Python prints.
  static final int BITS_MAX = 16_384;

  Int {
    if (value.bitLength() > BITS_MAX) {
      throw new TemplateException("an integer has more than " + BITS_MAX + " bits");
    }
  }

  static Int of(long value) {
    return new Int(BigInteger.valueOf(value));
  }

  @Override
  public String typeName() {
    return "int";
  }

  @Override
  public boolean isTrue() {
    return value.signum() != 0;
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
