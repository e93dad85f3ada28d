package dev.educe.optimize.quantize;

import java.util.Arrays;

/// By how much blocks that were rounded to given scales differ from their elements, and how that
/// would change with the scales while the codes stay.
///
/// With `e` an element's remainder, `q` its code's value and `w` its weight, the error of a lane
/// falls to `error − slope² / curvature` where its scale is moved by `slope / curvature`.
final class Misfit {
  final float[] error = new float[Blocks.LANES]; // Σ w e²
  final float[] slope = new float[Blocks.LANES]; // Σ w e q
  final float[] curvature = new float[Blocks.LANES]; // Σ w q²
  final float[] tilt = new float[Blocks.LANES]; // Σ w e; only where there is an offset
  final float[] cross = new float[Blocks.LANES]; // Σ w q; only where there is an offset

  void clear() {
    Arrays.fill(error, 0);
    Arrays.fill(slope, 0);
    Arrays.fill(curvature, 0);
    Arrays.fill(tilt, 0);
    Arrays.fill(cross, 0);
  }

  /// Adds one element of every lane.
  void add(float[] weights, float[] codes, float[] rests) {
    add(weights, codes, rests, error, slope, curvature);
  }

  /// Adds, of the same element, what only matters where there is an offset.
  void addOffset(float[] weights, float[] codes, float[] rests) {
    addOffset(weights, codes, rests, tilt, cross);
  }

  // With more than three sums in a loop the compiler makes no vectors of it.
  private static void add(
      float[] weights,
      float[] codes,
      float[] rests,
      float[] error,
      float[] slope,
      float[] curvature) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      float weighted = weights[lane] * rests[lane];
      error[lane] += weighted * rests[lane];
      slope[lane] += weighted * codes[lane];
      curvature[lane] += weights[lane] * codes[lane] * codes[lane];
    }
  }

  private static void addOffset(
      float[] weights, float[] codes, float[] rests, float[] tilt, float[] cross) {
    for (int lane = 0; lane < Blocks.LANES; lane++) {
      tilt[lane] += weights[lane] * rests[lane];
      cross[lane] += weights[lane] * codes[lane];
    }
  }
}
