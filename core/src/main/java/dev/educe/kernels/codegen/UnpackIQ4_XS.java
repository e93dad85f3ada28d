package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// IQ4_XS: `d · scale · table[nibble]` with the table of IQ4_NL and signed scales.
final class UnpackIQ4_XS implements Unpack {
  @Override
  public DType type() {
    return DType.IQ4_XS;
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
    k.keep(1, UnpackIQ4_NL.LOW, UnpackIQ4_NL.HIGH);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.nibbles(w, group, k.kept(0));
    k.code().vpshufb(w, k.kept(1), w);
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addScaled(k.scaled(k.signedSubScales(k.first(), 0), 0));
  }
}
