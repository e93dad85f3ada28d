package dev.educe.kernels;

import jdk.incubator.vector.FloatVector;

/// Dense arithmetic on the Vector API, with the bits of [ScalarDense].
final class VectorDense implements DenseKernels {
  @Override
  public void multiplyTile(
      int rows,
      int depth,
      float[] a,
      int aFrom,
      int aRowStride,
      int aStride,
      float[] b,
      int bFrom,
      float[] c,
      int cFrom,
      int cRowStride) {
    // An absent row stands for the last one: the same is computed and stored twice.
    int a1 = Math.min(1, rows - 1) * aRowStride;
    int a2 = Math.min(2, rows - 1) * aRowStride;
    int a3 = (rows - 1) * aRowStride;
    int c1 = cFrom + Math.min(1, rows - 1) * cRowStride;
    int c2 = cFrom + Math.min(2, rows - 1) * cRowStride;
    int c3 = cFrom + (rows - 1) * cRowStride;
    for (int lane = 0; lane < TILE_COLUMNS; lane += 2 * Lanes.COUNT) {
      tile(
          depth,
          a,
          aFrom,
          a1,
          a2,
          a3,
          aStride,
          b,
          bFrom + lane,
          c,
          cFrom + lane,
          c1 + lane,
          c2 + lane,
          c3 + lane);
    }
  }

  /// Four rows of two vectors; `a1` to `a3` are offsets from the first row.
  private static void tile(
      int depth,
      float[] a,
      int aFrom,
      int a1,
      int a2,
      int a3,
      int aStride,
      float[] b,
      int bFrom,
      float[] c,
      int c0,
      int c1,
      int c2,
      int c3) {
    FloatVector s00 = FloatVector.fromArray(Lanes.FLOATS, c, c0);
    FloatVector s01 = FloatVector.fromArray(Lanes.FLOATS, c, c0 + Lanes.COUNT);
    FloatVector s10 = FloatVector.fromArray(Lanes.FLOATS, c, c1);
    FloatVector s11 = FloatVector.fromArray(Lanes.FLOATS, c, c1 + Lanes.COUNT);
    FloatVector s20 = FloatVector.fromArray(Lanes.FLOATS, c, c2);
    FloatVector s21 = FloatVector.fromArray(Lanes.FLOATS, c, c2 + Lanes.COUNT);
    FloatVector s30 = FloatVector.fromArray(Lanes.FLOATS, c, c3);
    FloatVector s31 = FloatVector.fromArray(Lanes.FLOATS, c, c3 + Lanes.COUNT);
    int i = aFrom;
    for (int k = 0; k < depth; k++) {
      FloatVector p = FloatVector.fromArray(Lanes.FLOATS, b, bFrom + TILE_COLUMNS * k);
      FloatVector q =
          FloatVector.fromArray(Lanes.FLOATS, b, bFrom + TILE_COLUMNS * k + Lanes.COUNT);
      FloatVector v0 = FloatVector.broadcast(Lanes.FLOATS, a[i]);
      s00 = p.fma(v0, s00);
      s01 = q.fma(v0, s01);
      FloatVector v1 = FloatVector.broadcast(Lanes.FLOATS, a[i + a1]);
      s10 = p.fma(v1, s10);
      s11 = q.fma(v1, s11);
      FloatVector v2 = FloatVector.broadcast(Lanes.FLOATS, a[i + a2]);
      s20 = p.fma(v2, s20);
      s21 = q.fma(v2, s21);
      FloatVector v3 = FloatVector.broadcast(Lanes.FLOATS, a[i + a3]);
      s30 = p.fma(v3, s30);
      s31 = q.fma(v3, s31);
      i += aStride;
    }
    s00.intoArray(c, c0);
    s01.intoArray(c, c0 + Lanes.COUNT);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + Lanes.COUNT);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + Lanes.COUNT);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + Lanes.COUNT);
  }

  @Override
  public void exp(float[] x, int count) {
    VectorExponential.exp(x, count);
  }
}
