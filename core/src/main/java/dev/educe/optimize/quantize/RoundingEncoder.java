package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;

/// Encoder of Q8_0 and Q4_0 as llama.cpp does it without an importance matrix, bit for bit: the
/// largest element decides the scale, all others are rounded to it.
///
/// Source: ggml `ggml-quants.c`, `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref`.
final class RoundingEncoder implements BlockEncoder {
  private final DType type;
  private final int[] codes = new int[32];

  RoundingEncoder(DType type) {
    this.type = type;
  }

  @Override
  public int blocksMax() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void encode(
      float[] rows, int from, int blocks, float[] importance, byte[] target, int at) {
    for (int block = 0; block < blocks; block++) {
      int first = from + 32 * block;
      float peak = 0;
      for (int i = first; i < first + 32; i++) {
        peak = Math.abs(rows[i]) > Math.abs(peak) ? rows[i] : peak;
      }
      boolean isNibble = type == DType.Q4_0;
      float d = isNibble ? peak / -8 : Math.abs(peak) / 127;
      float inverse = d == 0 ? 0 : 1 / d;
      for (int i = 0; i < 32; i++) {
        float x = rows[first + i] * inverse;
        codes[i] = isNibble ? Math.min(15, (int) (x + 8.5f)) : awayFromZero(x) + 128;
      }
      BlockLayout.write(type, codes, codes, codes, d, 0, target, at + block * type.blockBytes());
    }
  }

  /// Rounds to the nearest integer, halves away from zero.
  private static int awayFromZero(float x) {
    // In doubles the sum is exact.
    return (int) (x < 0 ? x - 0.5 : x + 0.5);
  }
}
