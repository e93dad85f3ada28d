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
    Vec mins = k.subScales(k.first(), 0);
    Vec second = k.subScales(k.second(), 1);
    a.vpsrld(mins, mins, 4);
    a.vpsrld(second, second, 4);
    a.vpslld(second, second, 16);
    a.vpor(mins, mins, second);
    k.subtractMins(mins, k.scales(k.second(), 1));
  }
}
