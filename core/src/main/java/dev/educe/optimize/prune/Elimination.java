package dev.educe.optimize.prune;

import java.util.Arrays;
import java.util.BitSet;

/// Takes columns out of a matrix one after the other, each time that which costs least, and has the
/// others do its work as well as they can.
///
/// With `H` the second moments of the inputs, taking column `j` out of `W` costs `|W_j|² / H⁻¹_jj`
/// once the other columns have moved by `−W_j · H⁻¹_j· / H⁻¹_jj`: what the product loses is then
/// the least that it can lose.
///
/// Source: Hassibi and Stork 1992, "Second order derivatives for network pruning: Optimal Brain
/// Surgeon"; for whole columns Kurtic et al. 2023, "ZipLM", section 3.1.
final class Elimination {
  // Added to the moments, so that units which always go together can be told apart.
  private static final double DAMPING = 1e-3;

  private final int rows;
  private final int columns;
  private final double[] weights; // [rows, columns]
  private final double[] inverse; // [columns, columns]
  private final BitSet kept = new BitSet();

  /// @param weights `[rows, columns]`
  /// @param moments `[columns, columns]`, symmetric; changed
  Elimination(float[] weights, double[] moments, int columns) {
    this.rows = weights.length / columns;
    this.columns = columns;
    this.weights = new double[weights.length];
    for (int i = 0; i < weights.length; i++) {
      this.weights[i] = weights[i];
    }
    double trace = 0;
    for (int i = 0; i < columns; i++) {
      trace += moments[i * columns + i];
    }
    double damping = Math.max(Double.MIN_NORMAL, DAMPING * trace / columns);
    for (int i = 0; i < columns; i++) {
      moments[i * columns + i] += damping;
    }
    invert(moments, columns);
    this.inverse = moments;
    kept.set(0, columns);
  }

  /// Inverts a positive definite matrix in place, by Gauss and Jordan without exchanges.
  private static void invert(double[] a, int n) {
    for (int k = 0; k < n; k++) {
      double pivot = 1 / a[k * n + k];
      a[k * n + k] = 1;
      for (int j = 0; j < n; j++) {
        a[k * n + j] *= pivot;
      }
      for (int i = 0; i < n; i++) {
        double factor = a[i * n + k];
        if (i != k && factor != 0) {
          a[i * n + k] = 0;
          subtract(a, i * n, factor, a, k * n, n);
        }
      }
    }
  }

  /// `target -= factor · source`, over a row.
  private static void subtract(
      double[] target, int to, double factor, double[] source, int from, int count) {
    for (int j = 0; j < count; j++) {
      target[to + j] -= factor * source[from + j];
    }
  }

  /// Takes columns out until so many are left.
  ///
  /// @return which those are, ascending
  int[] keep(int count) {
    while (kept.cardinality() > count) {
      takeOut(cheapest());
    }
    return kept.stream().toArray();
  }

  private int cheapest() {
    var norms = new double[columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double weight = weights[row * columns + column];
        norms[column] += weight * weight;
      }
    }
    int best = -1;
    double least = Double.POSITIVE_INFINITY;
    for (int column = kept.nextSetBit(0); column >= 0; column = kept.nextSetBit(column + 1)) {
      double cost = norms[column] / inverse[column * columns + column];
      if (cost < least || best < 0) {
        least = cost;
        best = column;
      }
    }
    return best;
  }

  private void takeOut(int column) {
    double[] line =
        Arrays.copyOfRange(inverse, column * columns, (column + 1) * columns); // of the inverse
    double scale = 1 / line[column];
    for (int row = 0; row < rows; row++) {
      double factor = weights[row * columns + column] * scale;
      subtract(weights, row * columns, factor, line, 0, columns);
      weights[row * columns + column] = 0;
    }
    for (int i = 0; i < columns; i++) {
      double factor = inverse[i * columns + column] * scale;
      subtract(inverse, i * columns, factor, line, 0, columns);
    }
    kept.clear(column);
  }

  /// The columns that are left, as they are now: `[rows, kept]`.
  float[] weights() {
    int[] left = kept.stream().toArray();
    var result = new float[rows * left.length];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < left.length; i++) {
        result[row * left.length + i] = (float) weights[row * columns + left[i]];
      }
    }
    return result;
  }
}
