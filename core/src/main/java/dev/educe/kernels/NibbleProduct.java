package dev.educe.kernels;

import static dev.educe.kernels.VectorHalves.BITS;
import static dev.educe.kernels.VectorHalves.INFINITE;
import static dev.educe.kernels.VectorHalves.LARGEST;
import static dev.educe.kernels.VectorHalves.MAGNITUDE;
import static dev.educe.kernels.VectorHalves.ONE;
import static dev.educe.kernels.VectorHalves.PLACES;
import static dev.educe.kernels.VectorHalves.POWER;
import static dev.educe.kernels.VectorHalves.ZERO;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.S2I;

import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/// A few rows of activations times Q4_0 panels: how single sequences are decoded, where memory is
/// the bound.
///
/// What counts is that every instruction reads at one distance from where it read before, so that
/// the processor fetches ahead, and that there are few instructions to a cache line. So nibbles are
/// multiplied as [NibbleChain] says, and sums stay in 16 bits: that of a block, `Σ (code − 8) · x`,
/// fits just so, and what runs over on the way is of no account. Not thread-safe.
final class NibbleProduct {
  /// More rows than this are worth unpacking.
  static final int ROWS_MAX = ActivationPairs.TILE - 1;

  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int ROWS = PanelLayout.ROWS;
  private static final int GROUP = 64;

  // Of a block in a panel.
  private static final int SCALE_BYTES;
  private static final int BLOCK_BYTES;

  static {
    PanelLayout layout = PanelLayout.find(DType.Q4_0).orElseThrow();
    SCALE_BYTES = layout.scaleBytes();
    BLOCK_BYTES = layout.quantStride();
  }

  private final NibbleChain[] chains = new NibbleChain[ROWS_MAX];

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
    for (int panel = panelFrom; panel < panelTo; panel++) {
      long from = panel * w.panelBytes();
      for (int i = 0; i < rows; i++) {
        long to = ((rowFrom + i) * yStride + panel * (long) ROWS) * Float.BYTES;
        for (int lane = 0; lane < ROWS; lane += Lanes.COUNT) {
          lanes(w.memory(), from, lane, blocks, chains[i], y, to + 4L * lane);
        }
      }
    }
  }

  /// Computes as many outputs of a panel as there are lanes: `acc = fma(sum − 8 · Σx, d · scaleX,
  /// acc)` for block after block.
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
      int lane,
      int blocks,
      NibbleChain x,
      MemorySegment y,
      long to) {
    int[] pairs = x.pairs;
    int[] centers = x.centers;
    float[] scalesX = x.scales;
    long scales = from + 2L * lane;
    long quants = from + SCALE_BYTES + 4L * lane;
    ShortVector zero = ShortVector.zero(Lanes.SHORTS);
    ShortVector a = zero;
    FloatVector acc = FloatVector.zero(Lanes.FLOATS);
    for (int half = 0; half < 2 * blocks; half++) {
      // The mask changes only how bounds are checked: else pairs go by way of general registers.
      int i = half * 8 - (half & 1) * 6 & pairs.length - 1;
      long at = quants + (half >> 1) * (long) BLOCK_BYTES + (half & 1) * 2 * GROUP;
      IntVector w0 = IntVector.fromMemorySegment(Lanes.INTS, panels, at, ORDER);
      IntVector w1 = IntVector.fromMemorySegment(Lanes.INTS, panels, at + GROUP, ORDER);
      ShortVector v = IntVector.broadcast(Lanes.INTS, pairs[i]).reinterpretAsShorts();
      a = a.add(w0.reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 1]).reinterpretAsShorts();
      a = a.add(w1.reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 4]).reinterpretAsShorts();
      a = a.add(w0.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 5]).reinterpretAsShorts();
      a = a.add(w1.lanewise(LSHR, 4).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 8]).reinterpretAsShorts();
      a = a.add(w0.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 9]).reinterpretAsShorts();
      a = a.add(w1.lanewise(LSHR, 8).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 12]).reinterpretAsShorts();
      a = a.add(w0.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      v = IntVector.broadcast(Lanes.INTS, pairs[i + 13]).reinterpretAsShorts();
      a = a.add(w1.lanewise(LSHR, 12).reinterpretAsShorts().mul(v));
      if ((half & 1) == 1) {
        int block = half >> 1;
        IntVector sum = a.reinterpretAsInts();
        sum = sum.add(sum.lanewise(LSHL, 16)).sub(centers[block]).lanewise(ASHR, 16);
        // As VectorHalves does it, but in place: vectors that are handed over would be boxed.
        long scale = scales + (long) block * BLOCK_BYTES;
        IntVector d =
            (IntVector)
                ShortVector.fromMemorySegment(Lanes.SHORTS, panels, scale, ORDER).convert(S2I, 0);
        d = d.lanewise(LSHL, PLACES).and(BITS);
        IntVector infinite = d.and(MAGNITUDE).sub(LARGEST).max(ZERO).min(ONE).mul(INFINITE);
        d = d.reinterpretAsFloats().mul(POWER).reinterpretAsInts().or(infinite);
        acc =
            ((FloatVector) sum.convert(I2F, 0))
                .fma(d.reinterpretAsFloats().mul(scalesX[block]), acc);
        a = zero;
      }
    }
    acc.intoMemorySegment(y, to, ORDER);
  }
}
