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

  /// Names of the last interval.
  int LAST_ONES = 4;

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

  /// `y[i] = exp((x[i] − shift) / divisor)` for `i` from `from` to before `to`.
  ///
  /// @param y what follows the last element, fewer than [#LANES], may be overwritten
  void exponentials(float[] x, int from, int to, float shift, float divisor, float[] y);

  /// Weights: powers in whole parts of 2⁻⁴⁰, rounded down.
  ///
  /// @param powers from 0 to 1
  /// @param parts of `powers[i]` at `i − from`
  /// @return their sum
  long weigh(float[] powers, int from, int to, long[] parts);

  /// The sum of exponents times weights, for at most [#BLOCK] elements: of `(x[i] − shift) /
  /// divisor` times the weight of its power, each product rounded towards zero; nothing where there
  /// is no weight.
  ///
  /// @param powers what [#exponentials] gives
  /// @param shift no element is above it
  long sumExponents(float[] x, float[] powers, int from, int to, float shift, float divisor);

  /// `y[i] = −|(x[i] − shift) / divisor − mean|` for `i` from `from` to before `to`.
  void distances(float[] x, int from, int to, float shift, float divisor, float mean, float[] y);

  /// The interval of a number, counted from the greatest number; `last` is the last and open.
  static int interval(float number, float greatest, float scale, int last) {
    return Math.min(last, (int) ((greatest - number) * scale));
  }

  /// The [#interval]s of the numbers from `from` to before `to`; the last has [#LAST_ONES] names in
  /// turn, since what is added to one again and again has to wait each time.
  ///
  /// @param last below 2²⁰
  /// @param intervals of `numbers[i]` at `i − from`
  void intervals(
      float[] numbers, int from, int to, float greatest, float scale, int last, int[] intervals);

  /// Excludes elements, as −∞, by numbers: `x[i]` where not `numbers[i] >= least`, for `i` from
  /// `from` to before `to`.
  ///
  /// @return how many elements stay
  int exclude(float[] x, float[] numbers, int from, int to, float least);

  /// Finds elements between two numbers: the `i` from `from` to before `to`, ascending, for which
  /// `least <= x[i] < below`.
  ///
  /// @param found written from its start; needs room for all
  /// @return how many there are
  int find(float[] x, int from, int to, float least, float below, int[] found);
}
