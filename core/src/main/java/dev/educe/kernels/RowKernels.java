package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// What is done to single rows of floats between the matrix products. Offsets count floats.
///
/// Segments are F32. Unless said otherwise the result may overwrite an operand at the same offset,
/// and ranges that overlap in any other way are undefined.
public interface RowKernels {
  /// Normalizes a row by its root mean square: `y[i] = x[i] · (1 / sqrt(Σx²/n + epsilon)) ·
  /// weight[i]`, from left to right. The squares are summed fused, over 16 virtual lanes and a
  /// fixed tree.
  ///
  /// Source: Zhang and Sennrich 2019, equation 4.
  ///
  /// @param weight `[n]`, from its start
  /// @param epsilon added under the root
  void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment weight,
      float epsilon,
      MemorySegment y,
      long yOffset,
      int n);

  /// Turns the pairs `(x[i], x[i + half])` of one head in place by the angles of one position:
  /// `fma(x0, c, −(x1 · s))` and `fma(x0, s, x1 · c)`, where `half` is the tables' length.
  ///
  /// @param cosines `[half]`, beginning at float `tableOffset`; `sines` likewise
  void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cosines,
      MemorySegment sines,
      long tableOffset,
      int half);

  /// `y[i] = silu(gate[i]) · up[i]`, with `silu(x) = x / (1 + exp(−x))`.
  void siluGate(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n);

  /// `y[i] = y[i] + x[i]`.
  void add(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n);

  /// `y[i] = fma(factor, x[i], y[i])`: a residual step with a scale, an expert's share.
  void addScaled(float factor, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n);

  /// `x[i] = x[i] · factor`.
  void scale(float factor, MemorySegment x, long xOffset, int n);

  /// `p[i] = exp(x[i] − max)` divided by their sum (16 virtual lanes and the tree); in place if
  /// asked. A NaN, a +∞, or nothing but −∞, makes the whole row NaN.
  void softmax(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n);

  /// The place of the largest value, the lowest one of equals (0 and −0 are equal); -1 if any value
  /// is NaN or there is none.
  int argmax(MemorySegment x, long xOffset, int n);
}
