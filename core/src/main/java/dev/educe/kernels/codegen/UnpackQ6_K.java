package dev.educe.kernels.codegen;

import dev.educe.tensor.DType;

/// Q6_K: `d · scale · (six bits − 32)`, scales signed and one per half, two bits stored apart.
final class UnpackQ6_K implements Unpack {
  @Override
  public DType type() {
    return DType.Q6_K;
  }

  @Override
  public int weightMax() {
    return 63;
  }

  @Override
  public int excess() {
    return 32;
  }

  @Override
  public boolean hasHalves() {
    return true;
  }

  @Override
  public int constantCount() {
    return 2;
  }

  @Override
  public void constants(MatrixEmitter k) {
    k.keep(0, 0x0f0f0f0f);
    k.keep(1, 0x30303030);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.nibbles(w, group, k.kept(0));
    k.join(w, k.quants(4 + group / 4), 4 - 2 * (group % 4), k.kept(1));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addToValues(k.scaled(k.signedSubScales(k.first(), half), 0), half);
    if (half == 1) {
      k.addValues();
    }
  }
}
