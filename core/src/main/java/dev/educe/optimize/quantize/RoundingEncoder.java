package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;

/// Encoder of Q8_0 and Q4_0 as llama.cpp does it without an importance matrix, bit for bit: the
/// largest element decides the scale, all others are rounded to it.
///
/// Source: ggml `ggml-quants.c`, `quantize_row_q8_0_ref` and `quantize_row_q4_0_ref`.
final class RoundingEncoder implements BlockEncoder {
  private final DType type;
  private final boolean isNibble;
  private final Blocks blocks = new Blocks(32);
  private final float[] scales = new float[Blocks.LANES];
  private final float[] inverses = new float[Blocks.LANES];
  private final int[][] codes = new int[Blocks.LANES][32];

  RoundingEncoder(DType type) {
    this.type = type;
    isNibble = type == DType.Q4_0;
  }

  @Override
  public Blocks blocks() {
    return blocks;
  }

  @Override
  public int parts() {
    return 1;
  }

  @Override
  public void search() {
    blocks.peaks(scales);
    for (int block = 0; block < Blocks.LANES; block++) {
      float peak = scales[block];
      scales[block] = isNibble ? peak / -8 : Math.abs(peak) / 127;
      inverses[block] = scales[block] == 0 ? 0 : 1 / scales[block];
    }
  }

  @Override
  public float round(int block, int element, float x) {
    float code = x * inverses[block];
    // The bounds matter to elements that have taken over the errors of others.
    int stored =
        isNibble
            ? Math.clamp((int) (code + 8.5f), 0, 15)
            : Math.clamp(awayFromZero(code), -127, 127) + 128;
    codes[block][element] = stored;
    return Halves.round(scales[block]) * (stored - (isNibble ? 8 : 128));
  }

  @Override
  public void write(int block, byte[] target, int at) {
    int[] stored = codes[block];
    BlockLayout.write(type, stored, stored, stored, scales[block], 0, target, at);
  }

  /// Rounds to the nearest integer, halves away from zero.
  private static int awayFromZero(float x) {
    // In doubles the sum is exact.
    return (int) (x < 0 ? x - 0.5 : x + 0.5);
  }
}
