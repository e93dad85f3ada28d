package dev.educe.optimize.quantize;

/// What the codes of a format without minimums stand for, in units of the block's scale.
sealed interface Codes permits Steps, Book {
  /// The lowest value.
  float least();

  /// The highest value.
  float greatest();

  /// The code of the value nearest to `x`, as the file stores it.
  int code(float x);

  /// What a stored code stands for.
  float value(int code);

  /// Rounds every block to its scale and sums what remains.
  ///
  /// @param scales of each lane
  /// @param misfit takes the sums
  void measure(Blocks blocks, float[] scales, Misfit misfit);
}
