package dev.educe.optimize.train;

import dev.educe.model.Rope;
import dev.educe.model.Rope.Pairing;

/// Rotary position embedding over rows of heads, in the order of rows that the file has.
final class Rotation {
  private final int dimensions;
  private final int headSize;
  private final boolean isAdjacent;
  private final float[] cosines; // [positions, dimensions / 2]
  private final float[] sines;

  /// @param positions how many
  Rotation(Rope rope, int headSize, int positions) {
    this.dimensions = rope.dimensions();
    this.headSize = headSize;
    this.isAdjacent = rope.pairing() == Pairing.ADJACENT;
    double[] frequencies = rope.frequencies();
    int pairs = frequencies.length;
    cosines = new float[positions * pairs];
    sines = new float[positions * pairs];
    for (int position = 0; position < positions; position++) {
      for (int pair = 0; pair < pairs; pair++) {
        double angle = position * frequencies[pair];
        cosines[position * pairs + pair] = (float) StrictMath.cos(angle) * rope.magnitude();
        sines[position * pairs + pair] = (float) StrictMath.sin(angle) * rope.magnitude();
      }
    }
  }

  /// Rotates one row of heads; with `sign` −1 it is the derivative, which turns back.
  void rotate(float[] x, int from, int heads, int position, int sign) {
    int pairs = dimensions / 2;
    int step = isAdjacent ? 2 : 1;
    int other = isAdjacent ? 1 : pairs;
    for (int head = 0; head < heads; head++) {
      int at = from + head * headSize;
      for (int pair = 0; pair < pairs; pair++) {
        float cosine = cosines[position * pairs + pair];
        float sine = sign * sines[position * pairs + pair];
        float a = x[at + pair * step];
        float b = x[at + pair * step + other];
        x[at + pair * step] = a * cosine - b * sine;
        x[at + pair * step + other] = a * sine + b * cosine;
      }
    }
  }
}
