package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q4_1: `d · nibble + m`.
final class UnpackQ4_1 implements Unpack {
  @Override
  public DType type() {
    return DType.Q4_1;
  }

  @Override
  public int weightMax() {
    return 15;
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
    k.keep(0, 0x0f0f0f0f);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.nibbles(w, group, k.kept(0));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addToValues(k.scales(k.first(), 0), half);
    k.addOffset(k.scales(k.first(), 1));
    k.addValues();
  }
}
