package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q2_K: `d · scale · two bits − dmin · min`, scale and min of four bits per half.
final class UnpackQ2_K implements Unpack {
  @Override
  public DType type() {
    return DType.Q2_K;
  }

  @Override
  public int weightMax() {
    return 3;
  }

  @Override
  public boolean hasHalves() {
    return true;
  }

  @Override
  public boolean hasMins() {
    return true;
  }

  @Override
  public int constantCount() {
    return 1;
  }

  @Override
  public void constants(MatrixEmitter k) {
    k.keep(0, 0x03030303);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.pairs(w, group, k.kept(0));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    Assembler a = k.code();
    Vec scale = k.subScales(k.first(), half);
    a.vpslld(scale, scale, 28);
    a.vpsrld(scale, scale, 28);
    k.addToValues(k.scaled(scale, 0), half);
    Vec min = k.subScales(k.first(), half);
    a.vpsrld(min, min, 4);
    k.subtractMin(k.scaled(min, 1), half);
    if (half == 1) {
      k.addValues();
    }
  }
}
