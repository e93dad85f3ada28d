package dev.educe.kernels;

import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;

/// A weight matrix packed into panels of 16 rows, as [PanelLayout] describes.
///
/// Written once by [PanelPacker] and only read from then on, by any number of threads.
public final class Panels {
  private final PanelLayout layout;
  private final int rows;
  private final int size;
  private final long panelBytes;
  private final MemorySegment memory;

  /// @param region whose memory it is
  /// @param type one that [PanelLayout#supports]
  /// @param rows outputs of the matrix
  /// @param size inputs of the matrix: elements of a row, whole blocks of the type
  /// @throws IllegalArgumentException if the type is not supported or a row is not whole blocks
  public Panels(Region region, DType type, int rows, int size) {
    this.layout =
        PanelLayout.find(type)
            .orElseThrow(() -> new IllegalArgumentException("no kernel multiplies with " + type));
    if (rows < 1 || size < 1 || size % type.blockSize() != 0) {
      throw new IllegalArgumentException(
          "a %s matrix needs rows, and rows of whole blocks of %d; got [%d, %d]"
              .formatted(type, type.blockSize(), rows, size));
    }
    this.rows = rows;
    this.size = size;
    this.panelBytes = layout.panelBytes(size);
    this.memory = region.allocate(panels() * panelBytes);
  }

  /// Where the parts of a panel lie.
  public PanelLayout layout() {
    return layout;
  }

  /// The format.
  public DType type() {
    return layout.type();
  }

  /// Outputs of the matrix.
  public int rows() {
    return rows;
  }

  /// Inputs of the matrix.
  public int size() {
    return size;
  }

  /// How many panels there are; the last one may hold padding rows.
  public int panels() {
    return Math.ceilDiv(rows, PanelLayout.ROWS);
  }

  /// Bytes from one panel to the next.
  public long panelBytes() {
    return panelBytes;
  }

  /// All panels.
  public MemorySegment memory() {
    return memory;
  }
}
