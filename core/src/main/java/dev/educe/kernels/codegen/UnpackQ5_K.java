package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q5_K: `d · scale · five bits − dmin · min`, the fifth bit stored apart.
final class UnpackQ5_K implements Unpack {
  @Override
  public DType type() {
    return DType.Q5_K;
  }

  @Override
  public int weightMax() {
    return 31;
  }

  @Override
  public boolean hasMins() {
    return true;
  }

  @Override
  public int constantCount() {
    return 2;
  }

  @Override
  public void constants(MatrixEmitter k) {
    k.keep(0, 0x0f0f0f0f);
    k.keep(1, 0x10101010);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.nibbles(w, group, k.kept(0));
    k.join(w, k.quants(4), 4 - group, k.kept(1));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addToValues(k.scaled(k.subScales(k.first(), 0), 0), half);
    k.subtractMin(k.scaled(k.subScales(k.first(), 1), 1), half);
    k.addValues();
  }
}
