package dev.educe.kernels.codegen;

/// A vector register seen at one width.
///
/// @param index 0 to 31; those from 16 on exist with AVX-512 only
/// @param bits 128, 256 or 512
/// @param mask the opmask register that selects the lanes written, 1 to 7; 0 writes all
/// @param zeroing whether lanes not selected become zero instead of keeping their value
record Vec(int index, int bits, int mask, boolean zeroing) implements Operand {
  Vec {
    if (index < 0 || index > 31) {
      throw new IllegalArgumentException("vector registers are 0 to 31, got " + index);
    }
  }

  static Vec xmm(int index) {
    return new Vec(index, 128, 0, false);
  }

  static Vec ymm(int index) {
    return new Vec(index, 256, 0, false);
  }

  static Vec zmm(int index) {
    return new Vec(index, 512, 0, false);
  }

  /// The same register at another width.
  Vec as(int width) {
    return new Vec(index, width, mask, zeroing);
  }

  /// The same register, of which only the lanes selected by opmask `k` are written.
  Vec masked(int k) {
    return new Vec(index, bits, k, false);
  }

  /// The same register; lanes that opmask `k` does not select become zero.
  Vec zeroed(int k) {
    return new Vec(index, bits, k, true);
  }

  int bytes() {
    return bits / 8;
  }
}
