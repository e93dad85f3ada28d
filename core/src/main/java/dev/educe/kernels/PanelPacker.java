package dev.educe.kernels;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;

/// Turns rows as a checkpoint stores them into panels, and a row of a panel back into floats.
///
/// Different ranges of rows may be packed by different threads.
public final class PanelPacker {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle SHORTS =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  // Signed bytes plus 128 differ from themselves in the highest bit.
  private static final int EXCESS_128 = 0x80808080;
  private static final int PAIR = 0x03030303;
  private static final int BIT = 0x01010101;

  private final MemorySegment memory;
  private final PanelLayout layout;
  private final QuantForm form;
  private final CheckpointBlock block;
  private final int size;

  private PanelPacker(Panels target) {
    this.memory = target.memory();
    this.layout = target.layout();
    this.form = QuantForm.of(target.type());
    this.block = new CheckpointBlock(target.type());
    this.size = target.size();
  }

  /// Packs consecutive rows.
  ///
  /// @param rows the rows' bytes in the file's layout, one behind the other
  /// @param rowFrom the first row's place in the matrix, a multiple of 16
  /// @param rowCount how many rows; a multiple of 16 unless they are the matrix's last
  /// @throws IllegalArgumentException if the rows do not begin or end with a panel
  /// @throws IndexOutOfBoundsException if `rows` is too short or the matrix has fewer rows
  public static void pack(MemorySegment rows, Panels target, int rowFrom, int rowCount) {
    checkRange(target, rowFrom, rowCount);
    DType type = target.type();
    long rowBytes = type.rowBytes(target.size());
    Objects.checkFromIndexSize(0, rowCount * rowBytes, rows.byteSize());
    if (!type.isQuantized()) {
      packPlain(rows, target, rowFrom, rowCount);
      return;
    }
    var packer = new PanelPacker(target);
    for (int row = 0; row < rowCount; row += PanelLayout.ROWS) {
      long panel = (rowFrom + row) / PanelLayout.ROWS * target.panelBytes();
      int lanes = Math.min(PanelLayout.ROWS, rowCount - row);
      long from = row * rowBytes;
      switch (type) {
        // In these a panel's quads are the file's, so that a model is loaded at memory speed.
        case Q4_0, IQ4_NL -> packer.copyPanel(rows, from, panel, lanes, 4, 0);
        case Q8_0 -> packer.copyPanel(rows, from, panel, lanes, 8, EXCESS_128);
        default -> {
          for (int lane = 0; lane < lanes; lane++) {
            packer.packRow(rows, from + lane * rowBytes, panel, lane);
          }
        }
      }
    }
  }

  /// Makes sure that rows are whole panels of a matrix.
  ///
  /// @throws IllegalArgumentException if they do not begin or end with a panel
  /// @throws IndexOutOfBoundsException if the matrix has fewer rows
  public static void checkRange(Panels target, int rowFrom, int rowCount) {
    Objects.checkFromIndexSize(rowFrom, rowCount, target.rows());
    int rowTo = rowFrom + rowCount;
    if (rowFrom % PanelLayout.ROWS != 0
        || (rowTo % PanelLayout.ROWS != 0 && rowTo != target.rows())) {
      throw new IllegalArgumentException(
          "rows are packed in whole panels of 16, got rows %d to %d of %d"
              .formatted(rowFrom, rowTo, target.rows()));
    }
  }

  /// Copies rows of blocks that hold a half and then quads in the panel's own order. By way of the
  /// heap, where the compiler finds all bounds in one look.
  ///
  /// @param quads of a block
  /// @param flipped bits of each quad that are turned over
  private void copyPanel(
      MemorySegment rows, long from, long panel, int lanes, int quads, int flipped) {
    int blocks = size / 32;
    var row = new byte[blocks * layout.type().blockBytes()];
    var quants = new int[blocks * quads * PanelLayout.ROWS];
    var scales = new short[blocks * PanelLayout.ROWS];
    for (int lane = 0; lane < lanes; lane++) {
      MemorySegment.copy(
          rows, ValueLayout.JAVA_BYTE, from + (long) lane * row.length, row, 0, row.length);
      spread(row, lane, quads, flipped, quants, scales);
    }
    int blockQuants = quads * PanelLayout.ROWS;
    for (int b = 0; b < blocks; b++) {
      long at = panel + (long) b * layout.quantStride();
      int scale = b * PanelLayout.ROWS;
      MemorySegment.copy(scales, scale, memory, SHORT, at, PanelLayout.ROWS);
      at += layout.quantsOffset(size);
      MemorySegment.copy(quants, b * blockQuants, memory, INT, at, blockQuants);
    }
  }

  private static void spread(
      byte[] row, int lane, int quads, int flipped, int[] quants, short[] scales) {
    int from = 0;
    int to = lane;
    for (int scale = lane; scale < scales.length; scale += PanelLayout.ROWS) {
      scales[scale] = (short) SHORTS.get(row, from);
      from += Short.BYTES;
      for (int quad = 0; quad < quads; quad++) {
        quants[to] = (int) INTS.get(row, from) ^ flipped;
        from += Integer.BYTES;
        to += PanelLayout.ROWS;
      }
    }
  }

  private static void packPlain(MemorySegment rows, Panels target, int rowFrom, int rowCount) {
    MemorySegment memory = target.memory();
    int size = target.size();
    for (int row = 0; row < rowCount; row++) {
      long panel = (rowFrom + row) / PanelLayout.ROWS * target.panelBytes();
      long from = (long) row * size;
      int lane = row % PanelLayout.ROWS;
      for (int k = 0; k < size; k++) {
        long to = (long) k * PanelLayout.ROWS + lane;
        if (target.type() == DType.F32) {
          memory.set(INT, panel + to * 4, rows.get(INT, (from + k) * 4));
        } else {
          memory.set(SHORT, panel + to * 2, rows.get(SHORT, (from + k) * 2));
        }
      }
    }
  }

  private void packRow(MemorySegment rows, long from, long panel, int lane) {
    DType type = layout.type();
    int blocks = type.blockSize() / 32; // blocks of 32 in a block of the file
    for (int i = 0; i < size / type.blockSize(); i++) {
      block.read(rows, from + (long) i * type.blockBytes());
      for (int b = 0; b < blocks; b++) {
        int index = i * blocks + b;
        long at =
            panel + layout.quantsOffset(size) + (long) index * layout.quantStride() + 4 * lane;
        packLowBits(8 * b, at);
        packHighBits(8 * b, at + form.codes().lowBytes());
        packSubScales(b, index, panel + layout.subScalesOffset(size), lane);
      }
      packScales(panel + (long) i * layout.scaleStride(), lane);
    }
  }

  private void packLowBits(int first, long at) {
    switch (form.codes()) {
      case BYTES -> {
        for (int g = 0; g < 8; g++) {
          memory.set(INT, at + 64 * g, block.quads[first + g]);
        }
      }
      case NIBBLES, NIBBLES_AND_BITS, NIBBLES_AND_PAIRS -> {
        for (int g = 0; g < 4; g++) {
          int low = block.quads[first + g] & 0x0f0f0f0f;
          int high = block.quads[first + 4 + g] & 0x0f0f0f0f;
          memory.set(INT, at + 64 * g, low | high << 4);
        }
      }
      case PAIRS, PAIRS_AND_BITS -> packPairs(first, 0, at);
    }
  }

  private void packHighBits(int first, long at) {
    int shift = form.codes().lowBits;
    switch (form.codes()) {
      case NIBBLES_AND_BITS, PAIRS_AND_BITS -> {
        int bits = 0;
        for (int j = 0; j < 8; j++) {
          bits |= (block.quads[first + j] >>> shift & BIT) << j;
        }
        memory.set(INT, at, bits);
      }
      case NIBBLES_AND_PAIRS -> packPairs(first, shift, at);
      case BYTES, NIBBLES, PAIRS -> {}
    }
  }

  private void packPairs(int first, int shift, long at) {
    for (int h = 0; h < 2; h++) {
      int pairs = 0;
      for (int j = 0; j < 4; j++) {
        pairs |= (block.quads[first + 4 * h + j] >>> shift & PAIR) << 2 * j;
      }
      memory.set(INT, at + 64 * h, pairs);
    }
  }

  /// @param b the block in the file's block; `index` is its place in the row
  private void packSubScales(int b, int index, long area, int lane) {
    long at = area + (long) index * layout.subScaleBytes() + lane;
    switch (form.subScales()) {
      case NONE -> {}
      case SIGNED -> set(at, block.subScales[b]);
      case WITH_MIN -> {
        set(at, block.subScales[b]);
        set(at + 16, block.mins[b]);
      }
      case HALVES, HALVES_WITH_MIN -> {
        set(at, block.subScales[2 * b]);
        set(at + 16, block.subScales[2 * b + 1]);
      }
      case HALVES_OF_SIX_BITS -> {
        int first = block.subScales[2 * b];
        int last = block.subScales[2 * b + 1];
        set(area + 16L * index + lane, first & 15 | (last & 15) << 4);
        long high = area + (size / 32 + index / 2) * 16L + lane;
        int shift = index % 2 * 4;
        int kept = shift == 0 ? 0 : memory.get(ValueLayout.JAVA_BYTE, high);
        set(high, kept | (first >>> 4 | last >>> 4 << 2) << shift);
      }
    }
  }

  private void packScales(long at, int lane) {
    if (layout.type() == DType.MXFP4) {
      set(at + lane, block.scale);
      return;
    }
    memory.set(SHORT, at + 2 * lane, (short) block.scale);
    if (form.second() != QuantForm.Second.NONE) {
      memory.set(SHORT, at + 32 + 2 * lane, (short) block.second);
    }
  }

  private void set(long at, int value) {
    memory.set(ValueLayout.JAVA_BYTE, at, (byte) value);
  }

  /// Writes one row of the matrix as floats: `target[offset .. offset + size)`, F32.
  ///
  /// The value is `d · subScale · q − dmin · m`, each product rounded, in F32; for Q4_1 and Q5_1 it
  /// is `d · q + m`.
  ///
  /// @param offset counts floats
  public static void unpackRow(Panels panels, int row, MemorySegment target, long offset) {
    Objects.checkIndex(row, panels.rows());
    var reader = new PanelReader(panels);
    reader.row(row);
    if (!panels.type().isQuantized()) {
      for (int k = 0; k < panels.size(); k++) {
        target.set(FLOAT, (offset + k) * 4, reader.weight(k));
      }
      return;
    }
    int[] q = new int[32];
    for (int b = 0; b < panels.size() / 32; b++) {
      reader.codes(b, q);
      for (int half = 0; half < 2; half++) {
        float factor = reader.factor(b, half);
        float added = reader.offset(b, half);
        for (int k = 16 * half; k < 16 * half + 16; k++) {
          target.set(FLOAT, (offset + 32L * b + k) * 4, factor * q[k] + added);
        }
      }
    }
  }
}
