package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import jdk.incubator.vector.ByteVector;

/// Quantized products on the Vector API, with the memory that one thread needs for them.
///
/// Two ways: a *tile* of four rows of activations meets eight blocks that have been unpacked
/// before, as the next tile does; a single row meets the packed codes themselves. The outputs in
/// `y` are the accumulators between some blocks and the next. Not thread-safe.
final class QuantProduct {
  private static final int TILE = ActivationPairs.TILE;

  /// Blocks that are unpacked at a time: two planes of them are half the first-level cache.
  private static final int TILE_BLOCKS = 8;

  private static final int ROW_BLOCKS = PanelScales.BLOCKS_MAX;
  private static final long PLANE_BYTES = (long) TILE_BLOCKS * CodeUnpacker.BLOCK_BYTES;
  private static final int GROUP = 64;

  // Off the heap to lie on cache lines: a vector across two costs twice. A direct buffer and no
  // region, because it belongs to a thread and goes with it.
  private final MemorySegment codes = aligned(2 * PLANE_BYTES);
  private final MemorySegment sums = aligned(2L * 2 * TILE * ROW_BLOCKS * GROUP);

  private final PanelScales[] scales = {new PanelScales(), new PanelScales()};
  private final ActivationPairs activations = new ActivationPairs();

  private static MemorySegment aligned(long bytes) {
    return MemorySegment.ofBuffer(ByteBuffer.allocateDirect((int) bytes + 63).alignedSlice(64))
        .asSlice(0, bytes);
  }

  /// What is multiplied with what, for the length of a call.
  private record Operands(
      Panels w, QuantForm form, ByteVector book, MemorySegment y, long yRow, int rows) {
    /// Products that are added up in 16 bits: those of a block, or of half a block.
    int run() {
      return form.subScales().isHalved() ? 8 : 16;
    }

    long quants(int panel, int block) {
      return panel * w.panelBytes() + (long) block * w.layout().quantBytes();
    }
  }

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
      MemorySegment outputs = y.asSlice(row * yStride * 4);
      var operands = new Operands(w, form, book, outputs, yStride * 4, rows);
      for (int panel = panelFrom; panel < panelTo; panel += panels) {
        multiplyPanels(operands, panel, Math.min(panels, panelTo - panel));
      }
    }
  }

  /// @param count how many panels, one or two
  private void multiplyPanels(Operands operands, int panel, int count) {
    for (int row = 0; row < operands.rows; row++) {
      operands.y.asSlice(row * operands.yRow + panel * 64L, count * 64L).fill((byte) 0);
    }
    int blocks = operands.w.size() / 32;
    int tiled = operands.rows / TILE * TILE;
    if (tiled > 0) {
      for (int block = 0; block < blocks; block += TILE_BLOCKS) {
        int blockCount = Math.min(TILE_BLOCKS, blocks - block);
        loadScales(operands, panel, count, block, blockCount);
        unpack(operands, panel, count, block, blockCount);
        for (int row = 0; row < tiled; row += TILE) {
          multiplyTile(operands, panel, count, block, blockCount, row);
        }
      }
    }
    if (tiled < operands.rows) {
      for (int block = 0; block < blocks; block += ROW_BLOCKS) {
        int blockCount = Math.min(ROW_BLOCKS, blocks - block);
        loadScales(operands, panel, count, block, blockCount);
        for (int row = tiled; row < operands.rows; row++) {
          multiplyRow(operands, panel, count, block, blockCount, row);
        }
      }
    }
  }

  private void loadScales(Operands operands, int panel, int count, int block, int blockCount) {
    for (int i = 0; i < count; i++) {
      long start = (panel + i) * operands.w.panelBytes();
      scales[i].load(operands.w, operands.form, start, block, blockCount);
    }
  }

  private void unpack(Operands operands, int panel, int count, int block, int blockCount) {
    for (int i = 0; i < count; i++) {
      CodeUnpacker.unpack(
          operands.form,
          operands.book,
          operands.w.memory(),
          operands.quants(panel + i, block),
          blockCount,
          codes,
          i * PLANE_BYTES,
          PLANE_BYTES);
    }
  }

  /// Multiplies what is unpacked with four rows.
  private void multiplyTile(
      Operands operands, int panel, int count, int block, int blockCount, int row) {
    int run = operands.run();
    int runs = blockCount * (16 / run);
    int x = activations.pairsOf(row) + block * 16 * TILE;
    for (long part = 0; part < GROUP; part += Lanes.BITS / 8) {
      VectorDots.tile(codes, part, PLANE_BYTES + part, runs, run, activations.pairs, x, sums, part);
    }
    for (int i = 0; i < TILE; i++) {
      long from = 2L * i * runs * GROUP;
      accumulate(operands, panel, count, block, blockCount, row + i, from, runs * GROUP);
    }
  }

  /// Multiplies packed codes with a row.
  private void multiplyRow(
      Operands operands, int panel, int count, int block, int blockCount, int row) {
    MemorySegment panels = operands.w.memory();
    long next = count > 1 ? operands.w.panelBytes() : 0;
    int[] pairs = activations.pairs;
    int x = activations.pairsOf(row) + block * 16;
    int stride = blockCount * (16 / operands.run()) * GROUP;
    for (int part = 0; part < GROUP; part += Lanes.BITS / 8) {
      long from = operands.quants(panel, block) + part;
      switch (operands.form.codes()) {
        case NIBBLES -> {
          if (operands.form.hasBook()) {
            multiplyUnpacked(operands, panel, count, block, blockCount, x, part, stride);
          } else {
            VectorDots.nibbles(panels, from, from + next, blockCount, pairs, x, sums, part, stride);
          }
        }
        case BYTES -> VectorDots.bytes(panels, from, blockCount, pairs, x, sums, part, stride);
        case NIBBLES_AND_PAIRS -> {
          for (int i = 0; i < count; i++) {
            long to = part + (long) i * stride;
            VectorDots.nibblesAndPairs(panels, from + i * next, blockCount, pairs, x, sums, to);
          }
        }
        case NIBBLES_AND_BITS, PAIRS, PAIRS_AND_BITS ->
            multiplyUnpacked(operands, panel, count, block, blockCount, x, part, stride);
      }
    }
    accumulate(operands, panel, count, block, blockCount, row, 0, stride);
  }

  /// Unpacks codes and multiplies them with a row: for formats that are not worth code of their
  /// own.
  private void multiplyUnpacked(
      Operands operands,
      int panel,
      int count,
      int block,
      int blockCount,
      int x,
      int part,
      int stride) {
    int run = operands.run();
    int runs = 16 / run;
    for (int b = 0; b < blockCount; b += TILE_BLOCKS) {
      int unpacked = Math.min(TILE_BLOCKS, blockCount - b);
      unpack(operands, panel, count, block + b, unpacked);
      VectorDots.row(
          codes,
          part,
          PLANE_BYTES + part,
          unpacked * runs,
          run,
          activations.pairs,
          x + b * 16,
          sums,
          part + (long) b * runs * GROUP,
          stride);
    }
  }

  /// @param from where the sums of the first panel or plane begin
  /// @param stride bytes from there to those of the second
  private void accumulate(
      Operands operands,
      int panel,
      int count,
      int block,
      int blockCount,
      int row,
      long from,
      int stride) {
    int x = row * activations.blocks + block;
    long y0 = row * operands.yRow + panel * 64L;
    var first = new VectorSums.Panel(from, scales[0], y0);
    if (CodeUnpacker.planes(operands.form) == 2) {
      VectorSums.accumulatePlanes(
          operands.form, sums, first, from + stride, blockCount, activations, x, operands.y);
      return;
    }
    var second = count > 1 ? new VectorSums.Panel(from + stride, scales[1], y0 + 64) : first;
    VectorSums.accumulate(
        operands.form, sums, first, second, blockCount, activations, x, operands.y);
  }
}
