package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// The checks before a product, the same for every implementation: what runs after them may rely on
/// its ranges.
public final class MatrixOperands {
  private MatrixOperands() {}

  static void checkRows(Activations x, int rowFrom, int rowTo) {
    Objects.checkFromToIndex(rowFrom, rowTo, x.rowsMax());
  }

  /// @throws IndexOutOfBoundsException if a range leaves its operand
  /// @throws IllegalArgumentException if rows and columns do not match
  public static void check(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    Objects.checkFromToIndex(panelFrom, panelTo, w.panels());
    checkRows(x, rowFrom, rowTo);
    if (x.size() != w.size()) {
      throw new IllegalArgumentException(
          "a matrix of %d columns cannot be multiplied with rows of %d"
              .formatted(w.size(), x.size()));
    }
    long rowFloats = (long) w.panels() * PanelLayout.ROWS;
    if (rowTo - rowFrom > 1 && yStride < rowFloats) {
      throw new IndexOutOfBoundsException(
          "rows of y need room for %d floats, got a stride of %d".formatted(rowFloats, yStride));
    }
    if (rowTo > rowFrom && panelTo > panelFrom) {
      long first = rowFrom * yStride + (long) panelFrom * PanelLayout.ROWS;
      long end = (rowTo - 1) * yStride + (long) panelTo * PanelLayout.ROWS;
      Objects.checkFromToIndex(first * Float.BYTES, end * Float.BYTES, y.byteSize());
    }
  }
}
