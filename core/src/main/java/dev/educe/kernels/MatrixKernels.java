package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// Products of packed weights with rows of activations.
public interface MatrixKernels {
  /// Packs consecutive rows as [PanelPacker#pack] does, which has the parameters.
  default void pack(MemorySegment rows, Panels target, int rowFrom, int rowCount) {
    PanelPacker.pack(rows, target, rowFrom, rowCount);
  }

  /// Quantizes rows of `x` in place: reads their floats, writes their 8-bit blocks of 32.
  ///
  /// Per block: `amax` is the largest magnitude, `id = 127f / amax`, `q = rint(x · id)` with ties
  /// to even, `scale = amax / 127f`; an `amax` below 2⁻¹⁰⁰ gives zeros. Elements beyond `x.size()`
  /// up to a whole block count as zero.
  ///
  /// @param x rows `rowFrom` to `rowTo` are quantized
  /// @return the first row that holds a NaN or an infinity (its blocks are then undefined), or -1
  int quantize(Activations x, int rowFrom, int rowTo);

  /// Multiplies a range of panels with rows of activations: `y[row][r] = Σ over k of w[r][k] ·
  /// x[row][k]`, accumulated as the contract says.
  ///
  /// | operand | type                          | shape                              |
  /// |---------|-------------------------------|------------------------------------|
  /// | `w`     | any of [PanelLayout#supports] | `[w.rows(), w.size()]`             |
  /// | `x`     | F32 for plain weights, else 8-bit blocks | `[rowTo - rowFrom, w.size()]` |
  /// | `y`     | F32                           | row `row` begins at float `row · yStride` |
  ///
  /// Whole panels are written: a row of `y` needs room for `16 · w.panels()` floats, and what lies
  /// beyond `w.rows()` becomes zero.
  ///
  /// @param panelFrom the first panel; `panelTo` is the one after the last
  /// @param rowFrom the first row of `x` and of `y`
  /// @param yStride floats from one row of `y` to the next
  /// @throws IndexOutOfBoundsException if a range leaves its operand
  void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride);
}
