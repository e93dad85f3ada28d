package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// MXFP4: `2^(exponent − 128) · (table[nibble] − 12)`, a table of twice the 4-bit floats plus 12.
final class UnpackMXFP4 implements Unpack {
  private static final long LOW = 0x1814_1210_0f0e_0d0cL;
  private static final long HIGH = 0x0004_0608_090a_0b0cL;

  // Exponent field of 2⁻⁶⁴.
  private static final int FIELD = 63;

  @Override
  public DType type() {
    return DType.MXFP4;
  }

  @Override
  public int weightMax() {
    return 24;
  }

  @Override
  public int excess() {
    return 12;
  }

  @Override
  public int constantCount() {
    return 2;
  }

  @Override
  public void constants(MatrixEmitter k) {
    k.keep(0, 0x0f0f0f0f);
    k.keep(1, LOW, HIGH);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.nibbles(w, group, k.kept(0));
    k.code().vpshufb(w, k.kept(1), w);
  }

  /// The power of two is made of two that are never subnormal.
  @Override
  public void scale(MatrixEmitter k, int half) {
    Assembler a = k.code();
    Vec one = k.exponents(k.first());
    Vec other = k.second();
    Vec field = k.temporary();
    a.vpbroadcastd(field, a.constant(FIELD));
    a.vpsrld(other, one, 1);
    a.vpsubd(one, one, other);
    a.vpaddd(one, one, field);
    a.vpaddd(other, other, field);
    a.vpslld(one, one, 23);
    a.vpslld(other, other, 23);
    a.vmulps(one, one, other);
    k.addScaled(one);
  }
}
