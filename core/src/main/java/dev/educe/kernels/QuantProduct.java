package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import jdk.incubator.vector.ByteVector;

/// Quantized products on the Vector API, with the memory that one thread needs for them.
///
/// Eight blocks of two panels are unpacked at a time and multiplied with four rows of activations,
/// then with the next four: a panel is unpacked once for as many rows as the second-level cache
/// holds. The outputs in `y` are the accumulators between one eight and the next. Not thread-safe.
final class QuantProduct {
  private static final int BLOCKS = 8;
  private static final int ROWS = 4;
  private static final long PLANE_BYTES = (long) BLOCKS * CodeUnpacker.BLOCK_BYTES;
  private static final int RUNS_MAX = 4;
  private static final long SUMS_BYTES = 2L * ROWS * BLOCKS * RUNS_MAX * 64;

  // Off the heap to lie on cache lines: a vector across two costs twice. A direct buffer and no
  // region, because it belongs to a thread and goes with it.
  private final MemorySegment codes = aligned(2 * PLANE_BYTES);
  private final MemorySegment sums = aligned(SUMS_BYTES);
  private final PanelScales[] scales = {new PanelScales(), new PanelScales()};
  private final ActivationPairs activations = new ActivationPairs();

  private static MemorySegment aligned(long bytes) {
    return MemorySegment.ofBuffer(ByteBuffer.allocateDirect((int) bytes + 63).alignedSlice(64))
        .asSlice(0, bytes);
  }

  /// What is multiplied with what, for the length of a call.
  private record Operands(Panels w, QuantForm form, ByteVector book, MemorySegment y, long yRow) {}

  void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    QuantForm form = QuantForm.of(w.type());
    ByteVector book = CodeUnpacker.book(form);
    scales[0].start(w, form);
    scales[1].start(w, form);
    int panels = 2 / CodeUnpacker.planes(form);
    int rowsMax = ActivationPairs.rowsMax(w.size());
    for (int row = rowFrom; row < rowTo; row += rowsMax) {
      int rows = Math.min(rowsMax, rowTo - row);
      activations.load(x, row, row + rows);
      var operands = new Operands(w, form, book, y.asSlice(row * yStride * 4), yStride * 4);
      for (int panel = panelFrom; panel < panelTo; panel += panels) {
        multiplyPanels(operands, panel, Math.min(panels, panelTo - panel), rows);
      }
    }
  }

  /// @param count how many panels, one or two
  private void multiplyPanels(Operands operands, int panel, int count, int rows) {
    Panels w = operands.w;
    for (int row = 0; row < rows; row++) {
      operands.y.asSlice(row * operands.yRow + panel * 64L, count * 64L).fill((byte) 0);
    }
    int blocks = w.size() / 32;
    for (int block = 0; block < blocks; block += BLOCKS) {
      int blockCount = Math.min(BLOCKS, blocks - block);
      for (int i = 0; i < count; i++) {
        long start = (panel + i) * w.panelBytes();
        CodeUnpacker.unpack(
            operands.form,
            operands.book,
            w.memory(),
            start + (long) block * w.layout().quantBytes(),
            blockCount,
            codes,
            i * PLANE_BYTES,
            PLANE_BYTES);
        scales[i].load(w, operands.form, start, block, blockCount);
      }
      for (int row = 0; row < rows; row += ROWS) {
        multiplyTile(operands, panel, count, block, blockCount, row, Math.min(ROWS, rows - row));
      }
    }
  }

  /// Multiplies what is unpacked with up to four rows.
  private void multiplyTile(
      Operands operands, int panel, int count, int block, int blockCount, int row, int rows) {
    int run = run(operands.form);
    int runs = blockCount * (16 / run);
    int[] pairs = activations.pairs;
    int rowPairs = activations.blocks * 16;
    int x0 = row * rowPairs + block * 16;
    int x1 = x0 + (rows > 1 ? rowPairs : 0);
    int x2 = x1 + (rows > 2 ? rowPairs : 0);
    int x3 = x2 + (rows > 3 ? rowPairs : 0);
    for (long part = 0; part < 64; part += Lanes.BITS / 8) {
      long plane1 = PLANE_BYTES + part;
      if (rows == 1) {
        VectorDots.oneRow(codes, part, plane1, runs, run, pairs, x0, sums, part);
      } else {
        VectorDots.fourRows(codes, part, plane1, runs, run, pairs, x0, x1, x2, x3, sums, part);
      }
    }
    long step = fold(operands.form, rows, runs);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < count; j++) {
        VectorSums.accumulate(
            operands.form,
            sums,
            (2 * i + j) * step,
            blockCount,
            scales[j],
            activations,
            (row + i) * activations.blocks + block,
            operands.y,
            (row + i) * operands.yRow + (panel + j) * 64L);
      }
    }
  }

  /// How many products surely add up within 16 bits.
  private static int run(QuantForm form) {
    return switch (form.codes()) {
      case BYTES, NIBBLES -> 16;
      case NIBBLES_AND_BITS, PAIRS, PAIRS_AND_BITS -> 8;
      case NIBBLES_AND_PAIRS -> 4;
    };
  }

  /// Makes floats of the sums: one of each block, or of each half.
  ///
  /// @return bytes from the sums of one row and panel to those of the next
  private long fold(QuantForm form, int rows, int runs) {
    int bytes = runs * 64;
    if (CodeUnpacker.planes(form) == 2) {
      for (int i = 0; i < rows; i++) {
        VectorSums.foldPlanes(sums, 2L * i * bytes, bytes);
      }
      return bytes;
    }
    boolean isPaired =
        form.codes() == QuantForm.Codes.NIBBLES_AND_BITS
            || form.codes() == QuantForm.Codes.NIBBLES_AND_PAIRS;
    if (isPaired) {
      VectorSums.foldPairs(sums, 2 * rows * bytes);
      return bytes / 2;
    }
    VectorSums.fold(sums, 2 * rows * bytes);
    return bytes;
  }
}
