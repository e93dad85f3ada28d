package dev.educe.kernels.codegen;

import dev.educe.kernels.PanelLayout;
import dev.educe.tensor.DType;

/// Q3_K: `d · (scale − 32) · (three bits − 4)`, the third bit stored apart, scales of six bits per
/// half, of which two are stored apart for two blocks together.
final class UnpackQ3_K implements Unpack {
  @Override
  public DType type() {
    return DType.Q3_K;
  }

  @Override
  public int weightMax() {
    return 7;
  }

  @Override
  public int excess() {
    return 4;
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
    k.keep(0, 0x03030303);
    k.keep(1, 0x04040404);
  }

  @Override
  public void group(MatrixEmitter k, int group, Vec w) {
    k.pairs(w, group, k.kept(0));
    k.join(w, k.quants(2), 2 - group, k.kept(1));
  }

  @Override
  public void scale(MatrixEmitter k, int half) {
    k.addToValues(k.scaled(subScale(k, half), 0), half);
    if (half == 1) {
      k.addValues();
    }
  }

  private static Vec subScale(MatrixEmitter k, int half) {
    Assembler a = k.code();
    Vec low = k.subScales(k.first(), 0);
    if (half == 0) {
      a.vpslld(low, low, 28);
      a.vpsrld(low, low, 28);
    } else {
      a.vpsrld(low, low, 4);
    }
    // The two high bits go to the top and from there, alone, to bits 4 and 5.
    Vec high = k.moreSubScales(k.second());
    a.vpslld(high, high, 30 - 4 * k.block() - 2 * half);
    a.vpsrld(high, high, 30);
    a.vpslld(high, high, 4);
    a.vpor(low, low, high);
    a.vpbroadcastd(high, a.constant(32));
    a.vpsubd(low, low, high);
    return low;
  }

  @Override
  public int blocksPerPass() {
    return 2;
  }

  @Override
  public int subScaleStride(PanelLayout layout) {
    return 16;
  }

  @Override
  public int moreSubScaleStride() {
    return 16;
  }
}
