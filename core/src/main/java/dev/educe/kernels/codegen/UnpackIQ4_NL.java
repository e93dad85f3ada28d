package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// IQ4_NL: `d · table[nibble]`, of a table that is denser around zero.
final class UnpackIQ4_NL implements Unpack {
  // The sixteen values plus 128, a byte each, lowest first.
  static final long LOW = 0x766a5d4f3f2d1801L;
  static final long HIGH = 0xf1d9c5b5a6998d81L;

  @Override
  public DType type() {
    return DType.IQ4_NL;
  }

  @Override
  public int weightMax() {
    return 241;
  }

  @Override
  public int excess() {
    return 128;
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

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addScaled(k.scales(k.first(), 0));
  }
}
