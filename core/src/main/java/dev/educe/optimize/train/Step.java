package dev.educe.optimize.train;

/// What stands in a residual step between its norm and the sum: forward, and its derivative.
///
/// A step remembers what its last [#forward] computed; [#backward] is of that.
interface Step {
  /// @param x `[rows, hiddenSize]`, normalized
  /// @param y likewise, overwritten
  void forward(float[] x, float[] y, Batch batch);

  /// Adds to the gradients of its weights.
  ///
  /// @param x what [#forward] was given
  /// @param dy the gradient of `y`
  /// @param dx the gradient of `x`, overwritten
  void backward(float[] x, float[] dy, float[] dx, Batch batch);
}
