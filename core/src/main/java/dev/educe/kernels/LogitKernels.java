package dev.educe.kernels;

/// What choosing a token does to a whole row of logits: the same bits in every implementation.
///
/// Rows are arrays, since a choice works on a copy of its own.
public interface LogitKernels {
  /// Elements of a group; a group's are [#LANES] apart.
  int GROUP = 64;

  /// Groups of a block, and the distance between the elements of a group.
  int LANES = 16;

  /// Elements of a block: so many at a time lie close together.
  int BLOCK = GROUP * LANES;

  /// How many groups a row has.
  static int groups(int n) {
    return Math.ceilDiv(n, BLOCK) * LANES;
  }

  /// The largest element of each group, as [Math#max(float, float)] orders floats: NaN if any is,
  /// −∞ for a group without elements.
  ///
  /// Group `g` holds the elements `i` of block `i / BLOCK = g / LANES` with `i mod LANES = g mod
  /// LANES`: a lane of a vector is a group, and lanes are never compared with each other.
  ///
  /// @param x `[n]`
  /// @param maxima `[groups(n)]`, written
  void maxima(float[] x, int n, float[] maxima);

  /// `y[i] = exp((x[from + i] − shift) / divisor)` for `i` below `count`.
  ///
  /// @param y what follows the last element, up to the next multiple of 16, may be overwritten
  void exponentials(float[] x, int from, int count, float shift, float divisor, float[] y);

  /// Excludes elements, as −∞, by numbers: `x[i]` where not `numbers[i] >= least`, for `i` from
  /// `from` to before `to`.
  ///
  /// @param x starts at its element `offset`
  /// @return how many elements stay
  int exclude(float[] x, int offset, float[] numbers, int from, int to, float least);
}
