package dev.educe.optimize.train;

import dev.educe.optimize.train.Parameters.Parameter;
import java.util.Arrays;

/// The root-mean-square norm and its derivative.
///
/// With `r = 1 / sqrt(mean(x²) + ε)`: `y = x · r · g`, and `dx = r · (g · dy) − x · r³ / n · Σ g ·
/// dy · x`.
final class RmsNorm {
  private final Team team;
  private final float[] values;
  private final float[] gradients;
  private final int from; // of the weight
  private final int size;
  private final float epsilon;
  private final float[] inverse; // [rows]
  private final float[] partial; // [chunks, size]: each chunk's part of the weight's gradient

  RmsNorm(Team team, Parameters parameters, Parameter weight, float epsilon, int rowsMax) {
    this.team = team;
    this.values = parameters.values();
    this.gradients = parameters.gradients();
    this.from = weight.from();
    this.size = weight.size();
    this.epsilon = epsilon;
    this.inverse = new float[rowsMax];
    this.partial = new float[Math.ceilDiv(rowsMax, Team.CHUNK_ROWS) * size];
  }

  /// @param x `[rows, size]`
  /// @param y likewise, overwritten
  void forward(float[] x, float[] y, int rows) {
    team.rows(
        rows,
        (first, last, _) -> {
          for (int row = first; row < last; row++) {
            int at = row * size;
            float mean = Sums.product(x, at, x, at, size) / size;
            float r = (float) (1 / Math.sqrt(mean + (double) epsilon));
            inverse[row] = r;
            for (int i = 0; i < size; i++) {
              y[at + i] = x[at + i] * r * values[from + i];
            }
          }
        });
  }

  /// Adds to the weight's gradient and to that of the input.
  ///
  /// @param x what [#forward] was given
  /// @param dy `[rows, size]`, overwritten
  /// @param dx `[rows, size]`, added to
  void backward(float[] x, float[] dy, float[] dx, int rows) {
    int chunks = Math.ceilDiv(rows, Team.CHUNK_ROWS);
    team.rows(
        rows,
        (first, last, _) -> {
          int to = first / Team.CHUNK_ROWS * size;
          Arrays.fill(partial, to, to + size, 0);
          for (int row = first; row < last; row++) {
            backwardRow(x, dy, dx, row, to);
          }
        });
    for (int chunk = 0; chunk < chunks; chunk++) {
      for (int i = 0; i < size; i++) {
        gradients[from + i] += partial[chunk * size + i];
      }
    }
  }

  private void backwardRow(float[] x, float[] dy, float[] dx, int row, int to) {
    int at = row * size;
    float r = inverse[row];
    for (int i = 0; i < size; i++) {
      partial[to + i] += dy[at + i] * x[at + i] * r;
    }
    for (int i = 0; i < size; i++) {
      dy[at + i] *= values[from + i];
    }
    float share = Sums.product(dy, at, x, at, size) * r * r * r / size;
    for (int i = 0; i < size; i++) {
      dx[at + i] += dy[at + i] * r - x[at + i] * share;
    }
  }
}
