package dev.educe.optimize.quantize;

import java.util.Arrays;
import java.util.Optional;

/// How the error of each column of a segment is made up for by the columns behind it.
///
/// With `H` the mean products of the inputs and columns rounded from the first to the last, what is
/// left of the expected squared error of the output is least when the error `e` of column `i` is
/// taken from every column `k` behind it, times `spread[i][k]`.
///
/// Source: Frantar et al. 2022, "GPTQ: Accurate Post-Training Quantization for Generative
/// Pre-trained Transformers", sections 3.1 to 3.3.
///
/// @param spread `[columns, columns]`, above the diagonal
/// @param importance mean squares: the diagonal of `H`
record Feedback(float[][] spread, float[] importance) {
  // Of the mean square: what so little text says of correlations is not taken at its word.
  private static final double DAMPING = 0.01;

  /// Of columns that nothing is known of: none makes up for another.
  static Feedback none(int columns) {
    var importance = new float[columns];
    Arrays.fill(importance, 1);
    return new Feedback(new float[columns][columns], importance);
  }

  /// @param moments [columns · columns], symmetric; changed
  /// @return empty if they say nothing
  static Optional<Feedback> of(double[] moments) {
    int size = (int) Math.sqrt(moments.length);
    double mean = 0;
    for (int i = 0; i < size; i++) {
      mean += moments[i * size + i] / size;
    }
    if (!(mean > 0)) {
      return Optional.empty();
    }
    var importance = new float[size];
    for (int i = 0; i < size; i++) {
      moments[i * size + i] += DAMPING * mean;
      importance[i] = (float) (moments[i * size + i] / mean);
    }
    double[] inverse = invert(factor(moments, size), size);
    var spread = new float[size][size];
    for (int i = 0; i < size; i++) {
      for (int k = i + 1; k < size; k++) {
        spread[i][k] = (float) (inverse[i * size + k] / inverse[i * size + i]);
      }
    }
    return Optional.of(new Feedback(spread, importance));
  }

  /// The upper triangle `R` with `R · Rᵀ = H`, in place: Cholesky from the last column on.
  private static double[] factor(double[] h, int size) {
    for (int j = size - 1; j >= 0; j--) {
      for (int i = j; i >= 0; i--) {
        double sum = h[i * size + j];
        for (int k = j + 1; k < size; k++) {
          sum -= h[i * size + k] * h[j * size + k];
        }
        h[i * size + j] = i == j ? Math.sqrt(sum) : sum / h[j * size + j];
      }
    }
    return h;
  }

  /// The inverse of an upper triangle, which is one.
  private static double[] invert(double[] r, int size) {
    var inverse = new double[r.length];
    for (int i = size - 1; i >= 0; i--) {
      inverse[i * size + i] = 1 / r[i * size + i];
      // Row i of R times the inverse is row i of the unit matrix.
      for (int k = i + 1; k < size; k++) {
        double factor = -r[i * size + k] / r[i * size + i];
        for (int j = k; j < size; j++) {
          inverse[i * size + j] += factor * inverse[k * size + j];
        }
      }
    }
    return inverse;
  }
}
