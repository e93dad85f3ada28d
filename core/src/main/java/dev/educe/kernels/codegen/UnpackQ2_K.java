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
    if (half == 0) {
      k.holdHalf(scale);
      return;
    }
    k.joinHalves(scale);
    k.addScaled(k.scales(k.first(), 0));
    k.scaleMins(k.scales(k.first(), 1));
    k.subtractMins(min(k, k.first(), 0), min(k, k.second(), 1));
  }

  private static Vec min(MatrixEmitter k, Vec target, int half) {
    k.subScales(target, half);
    k.code().vpsrld(target, target, 4);
    k.code().vcvtdq2ps(target, target);
    return target;
  }
}
