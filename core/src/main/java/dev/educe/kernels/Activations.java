package dev.educe.kernels;

import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Rows of activations, as floats and, once quantized, as 8-bit blocks of 32.
///
/// | part      | type | shape of a row                                                     |
/// |-----------|------|--------------------------------------------------------------------|
/// | floats    | F32  | `[size]`, padded with zeros to a multiple of 32                    |
/// | quantized | I8   | `[paddedSize]`                                                     |
/// | scales    | F32  | `[paddedSize / 32]`                                                |
/// | sums      | I32  | `[paddedSize / 16]`: each the sum of 16 quantized values           |
///
/// The last three lie behind one another in one row of [#quantized], at [#scalesOffset] and
/// [#sumsOffset]. Rows begin at multiples of 64 bytes. Not thread-safe; ranges of rows may be
/// written by different threads.
public final class Activations {
  /// Elements that share a scale.
  public static final int BLOCK = 32;

  private final int rowsMax;
  private final int size;
  private final int paddedSize;
  private final long rowBytes;
  private final MemorySegment floats;
  private final MemorySegment quantized;

  /// @param region whose memory it is
  /// @param rowsMax how many rows there is room for
  /// @param size elements of a row
  public Activations(Region region, int rowsMax, int size) {
    if (rowsMax < 1 || size < 1) {
      throw new IllegalArgumentException(
          "rowsMax and size must be positive, got " + rowsMax + " and " + size);
    }
    this.rowsMax = rowsMax;
    this.size = size;
    this.paddedSize = Math.ceilDiv(size, BLOCK) * BLOCK;
    long bytes = paddedSize + (paddedSize / 32) * 4L + (paddedSize / 16) * 4L;
    this.rowBytes = Math.ceilDiv(bytes, Region.ALIGNMENT) * Region.ALIGNMENT;
    this.floats = region.allocate((long) rowsMax * paddedSize * 4);
    this.quantized = region.allocate(rowsMax * rowBytes);
  }

  /// How many rows there is room for.
  public int rowsMax() {
    return rowsMax;
  }

  /// Elements of a row.
  public int size() {
    return size;
  }

  /// Elements of a row including the padding: also the floats from one row of [#floats] to the
  /// next.
  public int paddedSize() {
    return paddedSize;
  }

  /// The rows as floats: F32 `[rowsMax, paddedSize]`.
  public MemorySegment floats() {
    return floats;
  }

  /// The rows as quantized, scales and sums: `[rowsMax, rowBytes]` bytes.
  public MemorySegment quantized() {
    return quantized;
  }

  /// Bytes from one row of [#quantized] to the next, a multiple of 64.
  public long rowBytes() {
    return rowBytes;
  }

  /// Where the scales of a row begin, in bytes from the start of its row of [#quantized].
  public long scalesOffset() {
    return paddedSize;
  }

  /// Where the sums of a row begin, in bytes from the start of its row of [#quantized].
  public long sumsOffset() {
    return paddedSize + (paddedSize / 32) * 4L;
  }

  /// Copies one row of another, floats and blocks alike: how tokens are gathered for an expert.
  public void copyRow(int row, Activations from, int fromRow) {
    if (from.size != size) {
      throw new IllegalArgumentException("rows of " + from.size + " do not fit rows of " + size);
    }
    long floatBytes = paddedSize * 4L;
    MemorySegment.copy(from.floats, fromRow * floatBytes, floats, row * floatBytes, floatBytes);
    MemorySegment.copy(from.quantized, fromRow * rowBytes, quantized, row * rowBytes, rowBytes);
  }

  /// The float at a place; for tests and messages.
  public float get(int row, int index) {
    return floats.getAtIndex(ValueLayout.JAVA_FLOAT, (long) row * paddedSize + index);
  }
}
