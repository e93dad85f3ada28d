package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;
import java.util.Arrays;

/// Encoder of MXFP4: 4-bit floats times a power of two, the best of a few powers.
///
/// Source: OCP Microscaling Formats (MX) 1.0; ggml `ggml-quants.c`, `dequantize_row_mxfp4`.
final class PowerEncoder implements BlockEncoder {
  // The book holds twice the 4-bit floats, so that the byte is 128 above the exponent.
  private static final int BIAS = 128;
  private static final int BYTE_MAX = 254;

  // From where the largest element is about the highest code, downwards: more is cut off, but what
  // remains is finer.
  private static final int CANDIDATES = 3;

  private final Blocks blocks = new Blocks(32);
  private final Misfit misfit = new Misfit();
  private final float[] peaks = new float[Blocks.LANES];
  private final float[] trial = new float[Blocks.LANES];
  private final float[] errors = new float[Blocks.LANES];
  private final int[] exponents = new int[Blocks.LANES];
  private final int[][] codes = new int[Blocks.LANES][32];

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
    blocks.peaks(peaks);
    Arrays.fill(errors, Float.POSITIVE_INFINITY);
    for (int below = 0; below < CANDIDATES; below++) {
      for (int block = 0; block < Blocks.LANES; block++) {
        trial[block] = power(exponent(block, below));
      }
      Book.FP4.measure(blocks, trial, misfit);
      for (int block = 0; block < Blocks.LANES; block++) {
        if (misfit.error[block] < errors[block]) {
          errors[block] = misfit.error[block];
          exponents[block] = exponent(block, below);
        }
      }
    }
  }

  private int exponent(int block, int below) {
    return Math.clamp(Math.getExponent(peaks[block]) - 2 - below, -BIAS + 2, BYTE_MAX - BIAS);
  }

  private static float power(int exponent) {
    return (float) Math.scalb(1.0, exponent);
  }

  @Override
  public float round(int block, int element, float x) {
    int code = Book.FP4.code(x * power(-exponents[block]));
    codes[block][element] = code;
    return power(exponents[block]) * Book.FP4.value(code);
  }

  @Override
  public void write(int block, byte[] target, int at) {
    int[] stored = codes[block];
    BlockLayout.write(DType.MXFP4, stored, stored, stored, exponents[block] + BIAS, 0, target, at);
  }
}
