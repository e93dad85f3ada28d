package dev.educe.kernels;

import jdk.incubator.vector.FloatVector;

/// Small dense products `C += A · B` of floats on the heap, the one arithmetic loop of attention.
///
/// Lanes are columns of `B`, and each element of `C` takes its products fused and in ascending
/// order, whatever the shape of the tile. Rows of `B` and `C` are whole multiples of [#COLUMNS].
final class TileProduct {
  /// Columns come in multiples of this at every width: two vectors of 512 bits.
  static final int COLUMNS = 32;

  /// Rows of the tile that stays in registers.
  static final int ROWS = 4;

  private static final int STEP = 2 * Lanes.COUNT;

  private TileProduct() {}

  /// Adds products to four rows of `C`.
  ///
  /// @param a the first row begins at `aFrom`, each next `aStride` later; read from `kFrom` to
  ///   `kTo`
  /// @param b row `k` begins at `k · bStride`; `bStride` columns are computed
  /// @param c the rows begin at `c0` to `c3`
  static void rows4(
      float[] a,
      int aFrom,
      int aStride,
      float[] b,
      int bStride,
      int kFrom,
      int kTo,
      float[] c,
      int c0,
      int c1,
      int c2,
      int c3) {
    for (int j = 0; j < bStride; j += STEP) {
      tile4(a, aFrom, aStride, b, j, bStride, kFrom, kTo, c, c0 + j, c1 + j, c2 + j, c3 + j);
    }
  }

  private static void tile4(
      float[] a,
      int aFrom,
      int aStride,
      float[] b,
      int bFrom,
      int bStride,
      int kFrom,
      int kTo,
      float[] c,
      int c0,
      int c1,
      int c2,
      int c3) {
    var s00 = FloatVector.fromArray(Lanes.FLOATS, c, c0);
    var s01 = FloatVector.fromArray(Lanes.FLOATS, c, c0 + Lanes.COUNT);
    var s10 = FloatVector.fromArray(Lanes.FLOATS, c, c1);
    var s11 = FloatVector.fromArray(Lanes.FLOATS, c, c1 + Lanes.COUNT);
    var s20 = FloatVector.fromArray(Lanes.FLOATS, c, c2);
    var s21 = FloatVector.fromArray(Lanes.FLOATS, c, c2 + Lanes.COUNT);
    var s30 = FloatVector.fromArray(Lanes.FLOATS, c, c3);
    var s31 = FloatVector.fromArray(Lanes.FLOATS, c, c3 + Lanes.COUNT);
    int a1 = aFrom + aStride;
    int a2 = a1 + aStride;
    int a3 = a2 + aStride;
    for (int k = kFrom; k < kTo; k++) {
      var b0 = FloatVector.fromArray(Lanes.FLOATS, b, bFrom + k * bStride);
      var b1 = FloatVector.fromArray(Lanes.FLOATS, b, bFrom + k * bStride + Lanes.COUNT);
      var x = FloatVector.broadcast(Lanes.FLOATS, a[aFrom + k]);
      s00 = x.fma(b0, s00);
      s01 = x.fma(b1, s01);
      x = FloatVector.broadcast(Lanes.FLOATS, a[a1 + k]);
      s10 = x.fma(b0, s10);
      s11 = x.fma(b1, s11);
      x = FloatVector.broadcast(Lanes.FLOATS, a[a2 + k]);
      s20 = x.fma(b0, s20);
      s21 = x.fma(b1, s21);
      x = FloatVector.broadcast(Lanes.FLOATS, a[a3 + k]);
      s30 = x.fma(b0, s30);
      s31 = x.fma(b1, s31);
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

  /// Adds products to one row of `C`; the operands are those of [#rows4].
  static void row(
      float[] a, int aFrom, float[] b, int bStride, int kFrom, int kTo, float[] c, int c0) {
    for (int j = 0; j < bStride; j += STEP) {
      var s0 = FloatVector.fromArray(Lanes.FLOATS, c, c0 + j);
      var s1 = FloatVector.fromArray(Lanes.FLOATS, c, c0 + j + Lanes.COUNT);
      for (int k = kFrom; k < kTo; k++) {
        var x = FloatVector.broadcast(Lanes.FLOATS, a[aFrom + k]);
        s0 = x.fma(FloatVector.fromArray(Lanes.FLOATS, b, k * bStride + j), s0);
        s1 = x.fma(FloatVector.fromArray(Lanes.FLOATS, b, k * bStride + j + Lanes.COUNT), s1);
      }
      s0.intoArray(c, c0 + j);
      s1.intoArray(c, c0 + j + Lanes.COUNT);
    }
  }
}
