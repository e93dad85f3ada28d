package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q8_0: `d · (byte − 128)`.
final class UnpackQ8_0 implements Unpack {
  @Override
  public DType type() {
    return DType.Q8_0;
  }

  @Override
  public int weightMax() {
    return 255;
  }

  @Override
  public int excess() {
    return 128;
  }

  @Override
  public int constantCount() {
    return 0;
  }

  @Override
  public void constants(MatrixEmitter k) {}

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.code().vmovups(w, k.quants(group));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addScaled(k.scales(k.first(), 0));
  }
}
