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
/// What counts is that memory is read in ascending streams and with few instructions to a cache
/// line, since the processor looks only some hundred instructions ahead. So nibbles are multiplied
/// as [NibbleChain] says, and sums stay in 16 bits: that of a block, `Σ (code − 8) · x`, fits just
/// so, and what runs over on the way is of no account. Two panels are multiplied at a time, the
/// second from where the panels' second half begins: what is broadcast serves both, and long rows
/// of activations, which panels drive from the first-level cache, are fetched half as often. Not
/// thread-safe.
final class NibbleProduct {
  /// More rows than this are worth unpacking.
  static final int ROWS_MAX = ActivationPairs.TILE - 1;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int ROWS = PanelLayout.ROWS;
  private static final int GROUP = 64;

  private final NibbleChain[] chains = new NibbleChain[ROWS_MAX];
  private float[] scales = new float[0]; // [blocks, 16]
  private float[] otherScales = new float[0]; // [blocks, 16]: of the second panel

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
    int values = blocks * ROWS;
    if (scales.length < values) {
      scales = new float[values];
      otherScales = new float[values];
    }
    long quants = w.layout().quantsOffset(w.size());
    int half = Math.ceilDiv(panelTo - panelFrom, 2);
    for (int panel = panelFrom; panel < panelFrom + half; panel++) {
      // Of an odd number the last is multiplied twice.
      int other = Math.min(panel + half, panelTo - 1);
      long from = panel * w.panelBytes();
      long otherFrom = other * w.panelBytes();
      // All at once, so that what follows is one stream.
      PanelScales.loadHalves(w.memory(), from, scales, values);
      PanelScales.loadHalves(w.memory(), otherFrom, otherScales, values);
      for (int i = 0; i < rows; i++) {
        long row = (rowFrom + i) * yStride * Float.BYTES;
        for (int lane = 0; lane < ROWS; lane += Lanes.COUNT) {
          long part = 4L * lane;
          lanes(
              w.memory(),
              from + quants + part,
              otherFrom + quants + part,
              blocks,
              scales,
              otherScales,
              lane,
              chains[i],
              y,
              row + panel * (long) GROUP + part,
              row + other * (long) GROUP + part);
        }
      }
    }
  }

  /// Computes as many outputs of either panel as there are lanes: `acc = fma(sum − 8 · Σx, d ·
  /// scaleX, acc)` for block after block.
  ///
  /// Shifts are those of 32-bit lanes, whose distances the compiler puts into the instructions; for
  /// 16-bit lanes it moves each distance to a register first. The loop stores nothing, or bounds
  /// and owners of memory would be checked anew in each round; and its rounds are half a block, or
  /// the compiler would have too much to inline.
  ///
  /// In the end of a block both halves of a lane, and the center of the codes, meet in the upper
  /// half.
  private static void lanes(
      MemorySegment panels,
      long from,
      long otherFrom,
      int blocks,
      float[] scales,
      float[] otherScales,
      int lane,
      NibbleChain x,
      MemorySegment y,
      long to,
      long otherTo) {
    int[] pairs = x.pairs;
    int[] centers = x.centers;
    float[] scalesX = x.scales;
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    ShortVector a = zero;
    ShortVector b = zero;
    FloatVector accA = FloatVector.zero(Lanes.FLOATS);
    FloatVector accB = accA;
    for (int half = 0; half < 2 * blocks; half++) {
      // The mask changes only how bounds are checked: else pairs go by way of general registers.
      int i = half * 8 - (half & 1) * 6 & pairs.length - 1;
      long at = (long) half * 2 * GROUP;
      IntVector a0 = IntVector.fromMemorySegment(Lanes.INTS, panels, from + at, ORDER);
      IntVector a1 = IntVector.fromMemorySegment(Lanes.INTS, panels, from + at + GROUP, ORDER);
      IntVector b0 = IntVector.fromMemorySegment(Lanes.INTS, panels, otherFrom + at, ORDER);
      IntVector b1 = IntVector.fromMemorySegment(Lanes.INTS, panels, otherFrom + at + GROUP, ORDER);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      a = a0.reinterpretAsShorts().mul(v).add(a);
      b = b0.reinterpretAsShorts().mul(v).add(b);
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 1]).reinterpretAsShorts();
      a = a.add(a1.reinterpretAsShorts().mul(v));
      b = b.add(b1.reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      a = a.add(a0.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      b = b.add(b0.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 5]).reinterpretAsShorts();
      a = a.add(a1.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      b = b.add(b1.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 8]).reinterpretAsShorts();
      a = a.add(a0.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      b = b.add(b0.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 9]).reinterpretAsShorts();
      a = a.add(a1.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      b = b.add(b1.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 12]).reinterpretAsShorts();
      a = a.add(a0.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      b = b.add(b0.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 13]).reinterpretAsShorts();
      a = a.add(a1.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      b = b.add(b1.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      if ((half & 1) == 1) {
        int block = half >> 1;
        int scale = ROWS * block + lane;
        IntVector sum = a.reinterpretAsInts();
        sum = sum.add(sum.lanewise(LSHL, 16)).sub(centers[block]).lanewise(ASHR, 16);
        FloatVector d = FloatVector.fromArray(Lanes.FLOATS, scales, scale).mul(scalesX[block]);
        accA = ((FloatVector) sum.convert(I2F, 0)).fma(d, accA);
        sum = b.reinterpretAsInts();
        sum = sum.add(sum.lanewise(LSHL, 16)).sub(centers[block]).lanewise(ASHR, 16);
        d = FloatVector.fromArray(Lanes.FLOATS, otherScales, scale).mul(scalesX[block]);
        accB = ((FloatVector) sum.convert(I2F, 0)).fma(d, accB);
        a = zero;
        b = zero;
      }
    }
    accA.intoMemorySegment(y, to, ORDER);
    accB.intoMemorySegment(y, otherTo, ORDER);
  }
}
