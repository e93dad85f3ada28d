package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// F32, F16 and BF16 products on the Vector API, with the memory that one thread needs for them.
///
/// Some columns of two panels are made floats at a time and multiplied with four rows of
/// activations, then with the next four. The outputs in `y` are the accumulators in between. Not
/// thread-safe.
final class PlainProduct {
  private static final int ROWS = 4;

  // Columns that are converted at a time: two panels of them are half the first-level cache.
  private static final int COLUMNS = 128;
  // So many activations that the rows of a group stay in the second-level cache.
  private static final int FLOATS_MAX = 1 << 17;

  private static final int PANEL_FLOATS = COLUMNS * PanelLayout.ROWS;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;

  private final float[] weights = new float[2 * PANEL_FLOATS];

  /// What is multiplied with what, for the length of a call.
  private record Operands(
      Panels w, MemorySegment x, long xRow, MemorySegment y, long yRow, int rows) {}

  void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    long xRow = x.paddedSize() * 4L;
    int rowsMax = Math.clamp(FLOATS_MAX / w.size(), ROWS, 256);
    for (int row = rowFrom; row < rowTo; row += rowsMax) {
      int rows = Math.min(rowsMax, rowTo - row);
      MemorySegment floats = x.floats().asSlice(row * xRow);
      MemorySegment sums = y.asSlice(row * yStride * 4);
      var operands = new Operands(w, floats, xRow, sums, yStride * 4, rows);
      for (int panel = panelFrom; panel < panelTo; panel += 2) {
        multiplyPanels(operands, panel, Math.min(2, panelTo - panel));
      }
    }
  }

  /// @param count how many panels, one or two
  private void multiplyPanels(Operands operands, int panel, int count) {
    for (int row = 0; row < operands.rows; row++) {
      operands.y.asSlice(row * operands.yRow + panel * 64L, count * 64L).fill((byte) 0);
    }
    int size = operands.w.size();
    for (int column = 0; column < size; column += COLUMNS) {
      int columns = Math.min(COLUMNS, size - column);
      for (int i = 0; i < count; i++) {
        load(operands.w, panel + i, column, columns, i * PANEL_FLOATS);
      }
      for (int row = 0; row < operands.rows; row += ROWS) {
        multiplyTile(operands, panel, count, column, columns, row);
      }
    }
  }

  /// Makes floats of some columns of a panel.
  private void load(Panels w, int panel, int column, int columns, int to) {
    int count = columns * PanelLayout.ROWS;
    long at = panel * w.panelBytes() + (long) column * w.layout().quantBytes();
    switch (w.type()) {
      case F32 -> copyFloats(w.memory(), at, weights, to, count);
      case F16 -> convertHalves(w.memory(), at, weights, to, count);
      case BF16 -> convertBrainHalves(w.memory(), at, weights, to, count);
      default -> throw new IllegalStateException(w.type() + " is not a plain type");
    }
  }

  private static void copyFloats(
      MemorySegment memory, long at, float[] weights, int to, int count) {
    MemorySegment.copy(memory, FLOAT, at, weights, to, count);
  }

  /// The compiler turns this loop into conversions of whole vectors.
  private static void convertHalves(
      MemorySegment memory, long at, float[] weights, int to, int count) {
    for (int i = 0; i < count; i++) {
      weights[to + i] = Float.float16ToFloat(memory.get(SHORT, at + i * 2L));
    }
  }

  private static void convertBrainHalves(
      MemorySegment memory, long at, float[] weights, int to, int count) {
    for (int i = 0; i < count; i += Lanes.COUNT) {
      IntVector bits =
          (IntVector)
              ShortVector.fromMemorySegment(Lanes.HALF_SHORTS, memory, at + i * 2L, ORDER)
                  .convertShape(S2I, Lanes.INTS, 0);
      bits.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(weights, to + i);
    }
  }

  /// Multiplies what is loaded with up to four rows. A panel or row that is absent stands for the
  /// one before it: the same is computed and stored twice.
  private void multiplyTile(
      Operands operands, int panel, int count, int column, int columns, int row) {
    int rows = Math.min(ROWS, operands.rows - row);
    int w1 = count > 1 ? PANEL_FLOATS : 0;
    long next = count > 1 ? 64 : 0;
    long x = row * operands.xRow + column * 4L;
    long y = row * operands.yRow + panel * 64L;
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      long y0 = y + lane * 4L;
      if (rows == 1) {
        oneRow(weights, lane, w1 + lane, columns, operands.x, x, operands.y, y0, next);
        continue;
      }
      int at2 = Math.min(2, rows - 1);
      int at3 = Math.min(3, rows - 1);
      fourRows(
          weights,
          lane,
          w1 + lane,
          columns,
          operands.x,
          x,
          x + operands.xRow,
          x + at2 * operands.xRow,
          x + at3 * operands.xRow,
          operands.y,
          y0,
          y0 + operands.yRow,
          y0 + at2 * operands.yRow,
          y0 + at3 * operands.yRow,
          next);
    }
  }

  /// @param w0 where the first panel begins in `weights`; `w1` the second
  /// @param next bytes from the outputs of the first panel to those of the second
  private static void oneRow(
      float[] weights,
      int w0,
      int w1,
      int columns,
      MemorySegment x,
      long x0,
      MemorySegment y,
      long y0,
      long next) {
    FloatVector a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0, ORDER);
    FloatVector a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0 + next, ORDER);
    for (int k = 0; k < columns; k++) {
      FloatVector v = FloatVector.broadcast(Lanes.FLOATS, x.get(FLOAT, x0 + k * 4L));
      a0 = FloatVector.fromArray(Lanes.FLOATS, weights, w0 + 16 * k).fma(v, a0);
      a1 = FloatVector.fromArray(Lanes.FLOATS, weights, w1 + 16 * k).fma(v, a1);
    }
    a0.intoMemorySegment(y, y0, ORDER);
    a1.intoMemorySegment(y, y0 + next, ORDER);
  }

  /// As [#oneRow], for four rows.
  private static void fourRows(
      float[] weights,
      int w0,
      int w1,
      int columns,
      MemorySegment x,
      long x0,
      long x1,
      long x2,
      long x3,
      MemorySegment y,
      long y0,
      long y1,
      long y2,
      long y3,
      long next) {
    FloatVector a00 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0, ORDER);
    FloatVector a01 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0 + next, ORDER);
    FloatVector a10 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y1, ORDER);
    FloatVector a11 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y1 + next, ORDER);
    FloatVector a20 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y2, ORDER);
    FloatVector a21 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y2 + next, ORDER);
    FloatVector a30 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y3, ORDER);
    FloatVector a31 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y3 + next, ORDER);
    for (int k = 0; k < columns; k++) {
      FloatVector p = FloatVector.fromArray(Lanes.FLOATS, weights, w0 + 16 * k);
      FloatVector q = FloatVector.fromArray(Lanes.FLOATS, weights, w1 + 16 * k);
      FloatVector v0 = FloatVector.broadcast(Lanes.FLOATS, x.get(FLOAT, x0 + k * 4L));
      a00 = p.fma(v0, a00);
      a01 = q.fma(v0, a01);
      FloatVector v1 = FloatVector.broadcast(Lanes.FLOATS, x.get(FLOAT, x1 + k * 4L));
      a10 = p.fma(v1, a10);
      a11 = q.fma(v1, a11);
      FloatVector v2 = FloatVector.broadcast(Lanes.FLOATS, x.get(FLOAT, x2 + k * 4L));
      a20 = p.fma(v2, a20);
      a21 = q.fma(v2, a21);
      FloatVector v3 = FloatVector.broadcast(Lanes.FLOATS, x.get(FLOAT, x3 + k * 4L));
      a30 = p.fma(v3, a30);
      a31 = q.fma(v3, a31);
    }
    a00.intoMemorySegment(y, y0, ORDER);
    a01.intoMemorySegment(y, y0 + next, ORDER);
    a10.intoMemorySegment(y, y1, ORDER);
    a11.intoMemorySegment(y, y1 + next, ORDER);
    a20.intoMemorySegment(y, y2, ORDER);
    a21.intoMemorySegment(y, y2 + next, ORDER);
    a30.intoMemorySegment(y, y3, ORDER);
    a31.intoMemorySegment(y, y3 + next, ORDER);
  }
}
