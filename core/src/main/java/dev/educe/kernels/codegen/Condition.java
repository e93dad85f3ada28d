package dev.educe.kernels.codegen;

/// What a conditional jump asks of the flags; unsigned comparisons are above and below.
enum Condition {
  BELOW(0x2),
  ABOVE_OR_EQUAL(0x3),
  EQUAL(0x4),
  NOT_EQUAL(0x5),
  BELOW_OR_EQUAL(0x6),
  ABOVE(0x7),
  NEGATIVE(0x8),
  NOT_NEGATIVE(0x9),
  LESS(0xc),
  GREATER_OR_EQUAL(0xd),
  LESS_OR_EQUAL(0xe),
  GREATER(0xf);

  private final int code;

  Condition(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
