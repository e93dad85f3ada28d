package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q4_0: `d · (nibble − 8)`.
final class UnpackQ4_0 implements Unpack {
  @Override
  public DType type() {
    return DType.Q4_0;
  }

  @Override
  public int weightMax() {
    return 15;
  }

  @Override
  public int excess() {
    return 8;
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
    k.addScaled(k.scales(k.first(), 0));
  }
}
