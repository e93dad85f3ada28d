package dev.educe.optimize.quantize;

import dev.educe.tensor.DType;

/// Encoder of MXFP4: 4-bit floats times a power of two, the best of a few powers.
///
/// Source: OCP Microscaling Formats (MX) 1.0; ggml `ggml-quants.c`, `dequantize_row_mxfp4`.
final class PowerEncoder implements BlockEncoder {
  // The book holds twice the 4-bit floats, so that the byte is 128 above the exponent.
  private static final int BIAS = 128;
  private static final int BYTE_MAX = 254;

  // From the largest element's exponent: down to where it is the highest code, and one below.
  private static final int CANDIDATES = 3;

  private final int[] codes = new int[32];

  @Override
  public int blocksMax() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void encode(
      float[] rows, int from, int blocks, float[] importance, byte[] target, int at) {
    for (int block = 0; block < blocks; block++) {
      int first = from + 32 * block;
      int exponent = exponent(rows, first, importance);
      float inverse = (float) Math.scalb(1.0, -exponent);
      for (int i = 0; i < 32; i++) {
        codes[i] = Book.FP4.code(rows[first + i] * inverse);
      }
      BlockLayout.write(
          DType.MXFP4,
          codes,
          codes,
          codes,
          exponent + BIAS,
          0,
          target,
          at + block * DType.MXFP4.blockBytes());
    }
  }

  private static int exponent(float[] rows, int first, float[] importance) {
    float peak = 0;
    for (int i = first; i < first + 32; i++) {
      peak = Math.max(peak, Math.abs(rows[i]));
    }
    int highest = Math.clamp(Math.getExponent(peak) - 2, -BIAS + 2, BYTE_MAX - BIAS);
    int best = highest;
    double bestError = Double.POSITIVE_INFINITY;
    for (int exponent = highest; exponent > highest - CANDIDATES && exponent > -BIAS; exponent--) {
      double error = error(rows, first, importance, exponent);
      if (error < bestError) {
        best = exponent;
        bestError = error;
      }
    }
    return best;
  }

  private static double error(float[] rows, int first, float[] importance, int exponent) {
    float scale = (float) Math.scalb(1.0, exponent);
    float inverse = (float) Math.scalb(1.0, -exponent);
    double error = 0;
    for (int i = first; i < first + 32; i++) {
      float value = scale * Book.FP4.value(Book.FP4.code(rows[i] * inverse));
      double rest = rows[i] - value;
      error += importance[i % importance.length] * rest * rest;
    }
    return error;
  }
}
