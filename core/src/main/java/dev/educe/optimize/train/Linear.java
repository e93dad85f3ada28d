package dev.educe.optimize.train;

import dev.educe.optimize.train.Parameters.Parameter;

/// A matrix times rows: `y = x · Wᵀ`.
final class Linear {
  private final Team team;
  private final DenseMatrix weight; // [outputs, inputs]
  private final DenseMatrix gradient;

  Linear(Team team, Parameters parameters, Parameter weight) {
    this.team = team;
    this.weight = weight.of(parameters.values());
    this.gradient = weight.of(parameters.gradients());
  }

  int outputs() {
    return weight.rows();
  }

  int inputs() {
    return weight.columns();
  }

  /// @param x `[rows, inputs]`
  /// @param y `[rows, outputs]`, overwritten
  void forward(float[] x, float[] y, int rows) {
    team.multiply(
        DenseMatrix.of(x, 0, rows, inputs()),
        weight.transposed(),
        DenseMatrix.of(y, 0, rows, outputs()),
        false);
  }

  /// Adds to the weight's gradient, and gives the inputs theirs.
  ///
  /// @param x what [#forward] was given
  /// @param dy `[rows, outputs]`
  /// @param dx `[rows, inputs]`
  /// @param isAdded whether `dx` is added to, or overwritten
  void backward(float[] x, float[] dy, float[] dx, int rows, boolean isAdded) {
    var outer = DenseMatrix.of(dy, 0, rows, outputs());
    team.multiply(outer, weight, DenseMatrix.of(dx, 0, rows, inputs()), isAdded);
    team.multiply(outer.transposed(), DenseMatrix.of(x, 0, rows, inputs()), gradient, true);
  }
}
