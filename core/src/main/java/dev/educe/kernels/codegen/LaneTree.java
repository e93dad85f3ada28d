package dev.educe.kernels.codegen;

/// Writes how the lanes of a vector are combined into its first, by the contract's tree +8, +4, +2,
/// +1; with 256 bits it begins at +4.
final class LaneTree {
  private static final int SWAP_PAIRS = 0x4e;
  private static final int SWAP_NEIGHBOURS = 0xb1;

  private LaneTree() {}

  /// An instruction of two operands: the sum, the maximum.
  interface Combination {
    void emit(Vec d, Vec a, Operand b);
  }

  /// @param vector of 256 or 512 bits; afterwards its lowest four lanes hold the result
  /// @param spare a register that is free
  static void emit(Assembler a, Vec vector, Vec spare, Combination combination) {
    if (vector.bits() == 512) {
      a.vextracti64x4(spare.as(256), vector, 1);
      combination.emit(vector.as(256), vector.as(256), spare.as(256));
    }
    Vec first = vector.as(128);
    Vec other = spare.as(128);
    a.vextracti128(other, vector.as(256), 1);
    combination.emit(first, first, other);
    for (int order : new int[] {SWAP_PAIRS, SWAP_NEIGHBOURS}) {
      a.vshufps(other, first, first, order);
      combination.emit(first, first, other);
    }
  }
}
