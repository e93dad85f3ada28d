package dev.educe.kernels;

import java.lang.foreign.MemorySegment;

/// Turns rows as a checkpoint stores them into panels, and a row of a panel back into floats.
public final class PanelPacker {
  private PanelPacker() {}

  /// Packs consecutive rows.
  ///
  /// @param rows the rows' bytes in the file's layout, one behind the other
  /// @param rowFrom the first row's place in the matrix, a multiple of 16
  /// @param rowCount how many rows; a multiple of 16 unless they are the matrix's last
  public static void pack(MemorySegment rows, Panels target, int rowFrom, int rowCount) {
    throw new UnsupportedOperationException();
  }

  /// Writes one row of the matrix as floats: `target[offset .. offset + size)`, F32.
  ///
  /// The value is `d · subScale · q − dmin · m`, each product rounded, in F32.
  public static void unpackRow(Panels panels, int row, MemorySegment target, long offset) {
    throw new UnsupportedOperationException();
  }
}
