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
  private static final int TILE = 4;

  // Columns that are converted at a time: two panels of them are half the first-level cache.
  private static final int COLUMNS = 128;
  private static final int PANEL_FLOATS = COLUMNS * PanelLayout.ROWS;

  // So many activations that the rows of a group stay in the second-level cache.
  private static final int FLOATS_MAX = 1 << 17;
  private static final int ROWS_MAX = 256;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ORDER);

  private final float[] weights = new float[2 * PANEL_FLOATS];
  private float[] activations = new float[0]; // [tiles, size, 4]

  // What is multiplied with what, for the length of a call.
  private Panels w;
  private MemorySegment y = MemorySegment.NULL;
  private long yFrom; // in bytes
  private long yRow; // in bytes
  private int rows;

  void multiply(
      Panels panels,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment outputs,
      long yStride) {
    w = panels;
    y = outputs;
    yRow = yStride * Float.BYTES;
    int rowsMax = Math.clamp(FLOATS_MAX / w.size(), TILE, ROWS_MAX) / TILE * TILE;
    for (int row = rowFrom; row < rowTo; row += rowsMax) {
      rows = Math.min(rowsMax, rowTo - row);
      yFrom = row * yRow;
      load(x, row);
      for (int panel = panelFrom; panel < panelTo; panel += 2) {
        multiplyPanels(panel, Math.min(2, panelTo - panel));
      }
    }
  }

  /// Takes the activations: a tile holds the first of each row, then the second of each. An absent
  /// row of the last tile stands for the last row.
  private void load(Activations x, int rowFrom) {
    int size = w.size();
    int padded = Math.ceilDiv(rows, TILE) * TILE;
    if (activations.length < padded * size) {
      activations = new float[padded * size];
    }
    for (int i = 0; i < padded; i++) {
      long from = (rowFrom + Math.min(i, rows - 1)) * (long) x.paddedSize();
      int to = i / TILE * TILE * size + i % TILE;
      for (int k = 0; k < size; k++) {
        activations[to + TILE * k] = x.floats().getAtIndex(ValueLayout.JAVA_FLOAT, from + k);
      }
    }
  }

  /// @param count how many panels, one or two
  private void multiplyPanels(int panel, int count) {
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < count; i++) {
        VectorSums.clear(y, outputs(row, panel + i));
      }
    }
    for (int column = 0; column < w.size(); column += COLUMNS) {
      int columns = Math.min(COLUMNS, w.size() - column);
      for (int i = 0; i < count; i++) {
        convert(panel + i, column, columns, i * PANEL_FLOATS);
      }
      for (int row = 0; row < rows; row += TILE) {
        multiplyTile(panel, count, column, columns, row);
      }
    }
  }

  /// Where the outputs of a row and panel are in `y`, in bytes.
  private long outputs(int row, int panel) {
    return yFrom + row * yRow + panel * 64L;
  }

  /// Makes floats of some columns of a panel.
  private void convert(int panel, int column, int columns, int to) {
    int count = columns * PanelLayout.ROWS;
    long at = panel * w.panelBytes() + (long) column * w.layout().quantBytes();
    switch (w.type()) {
      case F32 -> MemorySegment.copy(w.memory(), ValueLayout.JAVA_FLOAT, at, weights, to, count);
      case F16 -> convertHalves(w.memory(), at, weights, to, count);
      case BF16 -> convertBrainHalves(w.memory(), at, weights, to, count);
      default -> throw new IllegalStateException(w.type() + " is not a plain type");
    }
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

  /// Multiplies what is converted with up to four rows. A panel or row that is absent stands for
  /// the one before it: the same is computed and stored twice.
  private void multiplyTile(int panel, int count, int column, int columns, int row) {
    int last = Math.min(TILE, rows - row) - 1;
    int w1 = count > 1 ? PANEL_FLOATS : 0;
    long next = count > 1 ? 64 : 0;
    int x = row * w.size() + TILE * column;
    long y0 = outputs(row, panel);
    long y1 = y0 + Math.min(1, last) * yRow;
    long y2 = y0 + Math.min(2, last) * yRow;
    long y3 = y0 + last * yRow;
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      int to = 4 * lane;
      if (last == 0) {
        row(weights, lane, w1 + lane, columns, activations, x, y, y0 + to, next);
      } else {
        tile(
            weights,
            lane,
            w1 + lane,
            columns,
            activations,
            x,
            y,
            y0 + to,
            y1 + to,
            y2 + to,
            y3 + to,
            next);
      }
    }
  }

  /// Multiplies two panels with one row.
  ///
  /// @param w0 where the first panel begins in `weights`; `w1` the second
  /// @param next bytes from the outputs of the first panel to those of the second
  private static void row(
      float[] weights,
      int w0,
      int w1,
      int columns,
      float[] x,
      int from,
      MemorySegment y,
      long y0,
      long next) {
    FloatVector a0 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0, ORDER);
    FloatVector a1 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, y0 + next, ORDER);
    for (int k = 0; k < columns; k++) {
      FloatVector v = FloatVector.broadcast(Lanes.FLOATS, x[from + TILE * k]);
      a0 = FloatVector.fromArray(Lanes.FLOATS, weights, w0 + 16 * k).fma(v, a0);
      a1 = FloatVector.fromArray(Lanes.FLOATS, weights, w1 + 16 * k).fma(v, a1);
    }
    a0.intoMemorySegment(y, y0, ORDER);
    a1.intoMemorySegment(y, y0 + next, ORDER);
  }

  /// As [#row], for four rows.
  private static void tile(
      float[] weights,
      int w0,
      int w1,
      int columns,
      float[] x,
      int from,
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
      int i = from + TILE * k;
      FloatVector p = FloatVector.fromArray(Lanes.FLOATS, weights, w0 + 16 * k);
      FloatVector q = FloatVector.fromArray(Lanes.FLOATS, weights, w1 + 16 * k);
      FloatVector v0 = FloatVector.broadcast(Lanes.FLOATS, x[i]);
      a00 = p.fma(v0, a00);
      a01 = q.fma(v0, a01);
      FloatVector v1 = FloatVector.broadcast(Lanes.FLOATS, x[i + 1]);
      a10 = p.fma(v1, a10);
      a11 = q.fma(v1, a11);
      FloatVector v2 = FloatVector.broadcast(Lanes.FLOATS, x[i + 2]);
      a20 = p.fma(v2, a20);
      a21 = q.fma(v2, a21);
      FloatVector v3 = FloatVector.broadcast(Lanes.FLOATS, x[i + 3]);
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
