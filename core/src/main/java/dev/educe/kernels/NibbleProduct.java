package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// A few rows of activations times Q4_0 panels: how single sequences are decoded, where memory is
/// the bound.
///
/// What counts is that memory is read in one ascending stream and with few instructions to a cache
/// line, since the processor looks only some hundred instructions ahead. So nibbles are multiplied
/// as [NibbleChain] says, and sums stay in 16 bits: that of a block, `Σ (code − 8) · x`, fits just
/// so, and what runs over on the way is of no account. Not thread-safe.
final class NibbleProduct {
  /// More rows than this are worth unpacking.
  static final int ROWS_MAX = ActivationPairs.TILE - 1;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int ROWS = PanelLayout.ROWS;
  private static final int GROUP = 64;

  private final NibbleChain[] chains = new NibbleChain[ROWS_MAX];
  private float[] scales = new float[0]; // [blocks, 16]

  NibbleProduct() {
    for (int i = 0; i < ROWS_MAX; i++) {
      chains[i] = new NibbleChain();
    }
  }

  /// Whether weights of this type are multiplied in this way.
  static boolean takes(DType type) {
    return type == DType.Q4_0;
  }

  /// Multiplies at most [#ROWS_MAX] rows.
  void multiply(
      Panels w,
      int panelFrom,
      int panelTo,
      Activations x,
      int rowFrom,
      int rowTo,
      MemorySegment y,
      long yStride) {
    int rows = rowTo - rowFrom;
    for (int i = 0; i < rows; i++) {
      chains[i].load(x, rowFrom + i);
    }
    int blocks = w.size() / Activations.BLOCK;
    if (scales.length < blocks * ROWS) {
      scales = new float[blocks * ROWS];
    }
    for (int panel = panelFrom; panel < panelTo; panel++) {
      long from = panel * w.panelBytes();
      // All at once, so that what follows is one stream.
      PanelScales.loadHalves(w.memory(), from, scales, blocks * ROWS);
      long quants = from + w.layout().quantsOffset(w.size());
      for (int i = 0; i < rows; i++) {
        long to = (rowFrom + i) * yStride * Float.BYTES + panel * (long) GROUP;
        for (int lane = 0; lane < ROWS; lane += Lanes.COUNT) {
          long part = 4L * lane;
          lanes(w.memory(), quants + part, blocks, scales, lane, chains[i], y, to + part);
        }
      }
    }
  }

  /// Computes as many outputs as there are lanes: `acc = fma(sum − 8 · Σx, d · scaleX, acc)` for
  /// block after block.
  ///
  /// Shifts are those of 32-bit lanes, whose distances the compiler puts into the instructions; for
  /// 16-bit lanes it moves each distance to a register first. The loop stores nothing, or bounds
  /// and owners of memory would be checked anew in each round.
  private static void lanes(
      MemorySegment panels,
      long quants,
      int blocks,
      float[] scales,
      int lane,
      NibbleChain x,
      MemorySegment y,
      long to) {
    int[] pairs = x.pairs;
    int[] centers = x.centers;
    float[] scalesX = x.scales;
    int mask = pairs.length - 1;
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    ShortVector a0 = zero;
    ShortVector a1 = zero;
    FloatVector acc = FloatVector.zero(Lanes.FLOATS);
    for (int half = 0; half < 2 * blocks; half++) {
      // Groups of the block's half. The mask changes nothing but how bounds are checked: without it
      // the compiler brings pairs
      // to vectors by way of general registers.
      int i = half * 8 - (half & 1) * 6 & mask;
      long from = quants + (long) half * 2 * GROUP;
      IntVector w0 = IntVector.fromMemorySegment(Lanes.INTS, panels, from, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(Lanes.INTS, panels, from + GROUP, ORDER);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      a0 = a0.add(w0.reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 1]).reinterpretAsShorts();
      a1 = a1.add(w1.reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 5]).reinterpretAsShorts();
      a1 = a1.add(w1.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 8]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 9]).reinterpretAsShorts();
      a1 = a1.add(w1.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 12]).reinterpretAsShorts();
      a0 = a0.add(w0.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 13]).reinterpretAsShorts();
      a1 = a1.add(w1.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      if ((half & 1) == 1) {
        int b = half >> 1;
        // Both halves of a lane, and the center of the codes, meet in the upper half.
        IntVector sum = a0.add(a1).reinterpretAsInts();
        sum = sum.add(sum.lanewise(LSHL, 16)).sub(centers[b]).lanewise(ASHR, 16);
        FloatVector scale =
            FloatVector.fromArray(Lanes.FLOATS, scales, ROWS * b + lane).mul(scalesX[b]);
        acc = ((FloatVector) sum.convert(I2F, 0)).fma(scale, acc);
        a0 = zero;
        a1 = zero;
      }
    }
    acc.intoMemorySegment(y, to, ORDER);
  }
}
