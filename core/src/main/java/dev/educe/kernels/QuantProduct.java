package dev.educe.kernels;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import jdk.incubator.vector.ByteVector;

/// Quantized products on the Vector API, with the memory that one thread needs for them.
///
/// Two ways: a *tile* of four rows of activations meets eight blocks that have been unpacked
/// before, as the next tile does; a single row meets the packed codes themselves. The outputs in
/// `y` are the accumulators between some blocks and the next. Nothing is allocated once the largest
/// shape has been seen. Not thread-safe.
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
  private final MemorySegment sums = aligned(2L * 2 * ROW_BLOCKS * GROUP);

  private final VectorSums.Panel first = new VectorSums.Panel();
  private final VectorSums.Panel second = new VectorSums.Panel();
  private final ActivationPairs activations = new ActivationPairs();

  // What is multiplied with what, for the length of a call.
  private Panels w;
  private QuantForm form;
  private ByteVector book;
  private MemorySegment y = MemorySegment.NULL;
  private long yFrom; // in bytes
  private long yRow; // in bytes
  private int rows;

  private long touched; // keeps the compiler from dropping what is only read to be near

  private static MemorySegment aligned(long bytes) {
    return MemorySegment.ofBuffer(ByteBuffer.allocateDirect((int) bytes + 63).alignedSlice(64))
        .asSlice(0, bytes);
  }

  void multiply(
      Panels weights,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment outputs,
      long yStride) {
    start(weights);
    y = outputs;
    yRow = yStride * Float.BYTES;
    int panels = 2 / CodeUnpacker.planes(form);
    int rowsMax = ActivationPairs.rowsMax(w.size());
    for (int row = rowFrom; row < rowTo; row += rowsMax) {
      rows = Math.min(rowsMax, rowTo - row);
      yFrom = row * yRow;
      activations.load(x, row, row + rows);
      for (int panel = panelFrom; panel < panelTo; panel += panels) {
        multiplyPanels(panel, Math.min(panel + panels, panelTo) - 1);
      }
    }
  }

  private void start(Panels weights) {
    w = weights;
    QuantForm next = QuantForm.of(w.type());
    if (form != next) {
      form = next;
      book = CodeUnpacker.book(form);
      first.scales.start(w, form);
      second.scales.start(w, form);
    }
  }

  /// @param other the second panel, or the same one again
  private void multiplyPanels(int panel, int other) {
    for (int row = 0; row < rows; row++) {
      VectorSums.clear(y, outputs(row, panel));
      VectorSums.clear(y, outputs(row, other));
    }
    int blocks = w.size() / 32;
    int tiled = rows / TILE * TILE;
    for (int block = 0; block < blocks && tiled > 0; block += TILE_BLOCKS) {
      int blockCount = Math.min(TILE_BLOCKS, blocks - block);
      loadScales(panel, other, block, blockCount);
      unpack(panel, other, block, blockCount);
      for (int row = 0; row < tiled; row += TILE) {
        multiplyTile(panel, other, block, blockCount, row);
      }
    }
    for (int block = 0; block < blocks && tiled < rows; block += ROW_BLOCKS) {
      int blockCount = Math.min(ROW_BLOCKS, blocks - block);
      touched += PanelScales.touch(w, panel * w.panelBytes(), block, blockCount);
      touched += PanelScales.touch(w, other * w.panelBytes(), block, blockCount);
      for (int row = tiled; row < rows; row++) {
        multiplyRow(panel, other, block, blockCount, row);
      }
    }
  }

  /// Where the outputs of a row and panel are in `y`, in bytes.
  private long outputs(int row, int panel) {
    return yFrom + row * yRow + panel * (long) GROUP;
  }

  /// Where the quants of a block are in `w`, in bytes.
  private long quants(int panel, int block) {
    PanelLayout layout = w.layout();
    return panel * w.panelBytes()
        + layout.quantsOffset(w.size())
        + (long) block * layout.quantStride();
  }

  /// Products that are added up in 16 bits: those of a block, or of half a block.
  private int run() {
    return form.subScales().isHalved() ? 8 : 16;
  }

  private void loadScales(int panel, int other, int block, int blockCount) {
    first.scales.load(w, form, panel * w.panelBytes(), block, blockCount);
    if (other != panel) {
      second.scales.load(w, form, other * w.panelBytes(), block, blockCount);
    }
  }

  private void unpack(int panel, int other, int block, int blockCount) {
    MemorySegment panels = w.memory();
    long from = quants(panel, block);
    int stride = w.layout().quantStride();
    CodeUnpacker.unpack(form, book, panels, from, stride, blockCount, codes, 0, PLANE_BYTES);
    if (other != panel) {
      from = quants(other, block);
      CodeUnpacker.unpack(
          form, book, panels, from, stride, blockCount, codes, PLANE_BYTES, PLANE_BYTES);
    }
  }

  /// Multiplies what is unpacked with four rows.
  private void multiplyTile(int panel, int other, int block, int blockCount, int row) {
    int run = run();
    int runs = blockCount * (16 / run);
    int[] pairs = activations.pairs;
    int x = activations.pairsOf(row) + block * 16 * TILE;
    for (long part = 0; part < GROUP; part += Lanes.BITS / 8) {
      VectorDots.tile(codes, part, PLANE_BYTES + part, runs, run, pairs, x, sums, part);
    }
    for (int i = 0; i < TILE; i++) {
      long from = 2L * i * runs * GROUP;
      accumulate(panel, other, block, blockCount, row + i, from, runs * GROUP);
    }
  }

  /// Multiplies packed codes with a row.
  private void multiplyRow(int panel, int other, int block, int blockCount, int row) {
    MemorySegment panels = w.memory();
    long next = (other - panel) * w.panelBytes();
    int step = w.layout().quantStride();
    int[] pairs = activations.pairs;
    int x = activations.pairsOf(row) + block * 16;
    int stride = blockCount * (16 / run()) * GROUP;
    for (int part = 0; part < GROUP; part += Lanes.BITS / 8) {
      long from = quants(panel, block) + part;
      switch (form.codes()) {
        case NIBBLES -> {
          if (form.hasBook()) {
            multiplyUnpacked(panel, other, block, blockCount, x, part, stride);
          } else {
            VectorDots.nibbles(
                panels, from, from + next, step, blockCount, pairs, x, sums, part, stride);
          }
        }
        case BYTES ->
            VectorDots.bytes(panels, from, step, blockCount, pairs, x, sums, part, stride);
        case NIBBLES_AND_PAIRS ->
            VectorDots.nibblesAndPairs(
                panels, from, from + next, blockCount, pairs, x, sums, part, stride);
        case NIBBLES_AND_BITS, PAIRS, PAIRS_AND_BITS ->
            multiplyUnpacked(panel, other, block, blockCount, x, part, stride);
      }
    }
    // Only now, when what was touched before has arrived.
    loadScales(panel, other, block, blockCount);
    accumulate(panel, other, block, blockCount, row, 0, stride);
  }

  /// Unpacks codes and multiplies them with a row: for formats that are not worth code of their
  /// own.
  private void multiplyUnpacked(
      int panel, int other, int block, int blockCount, int x, int part, int stride) {
    int run = run();
    int runs = 16 / run;
    int[] pairs = activations.pairs;
    long plane1 = PLANE_BYTES + part;
    for (int b = 0; b < blockCount; b += TILE_BLOCKS) {
      int unpacked = Math.min(TILE_BLOCKS, blockCount - b);
      unpack(panel, other, block + b, unpacked);
      long to = part + (long) b * runs * GROUP;
      VectorDots.row(
          codes, part, plane1, unpacked * runs, run, pairs, x + b * 16, sums, to, stride);
    }
  }

  /// @param from where the sums of the first panel or plane begin
  /// @param stride bytes from there to those of the second
  private void accumulate(
      int panel, int other, int block, int blockCount, int row, long from, int stride) {
    int x = row * activations.blocks + block;
    first.sums = from;
    first.y = outputs(row, panel);
    if (CodeUnpacker.planes(form) == 2) {
      VectorSums.accumulatePlanes(form, sums, first, from + stride, blockCount, activations, x, y);
      return;
    }
    second.sums = from + stride;
    second.y = outputs(row, other);
    var last = other != panel ? second : first;
    VectorSums.accumulate(form, sums, first, last, blockCount, activations, x, y);
  }
}
