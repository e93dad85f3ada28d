package dev.educe.kernels;

import static dev.educe.kernels.Lanes.INTS;
import static dev.educe.kernels.VectorHalves.BITS;
import static dev.educe.kernels.VectorHalves.EXPONENT_UNIT;
import static dev.educe.kernels.VectorHalves.PLACES;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.OR;
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

  // Of a block in a panel: scales, then four groups of nibbles.
  private static final PanelLayout LAYOUT = PanelLayout.find(DType.Q4_0).orElseThrow();
  private static final int SCALE_BYTES = LAYOUT.scaleBytes();
  private static final int BLOCK_BYTES = LAYOUT.quantStride();
  private static final int GROUP_BYTES = 64;
  private static final int HALF_BYTES = 2 * GROUP_BYTES;

  private final NibbleChain[] chains = new NibbleChain[ROWS_MAX];
  private final QuantProduct general;

  /// @param general multiplies what scales are out of range for this
  NibbleProduct(QuantProduct general) {
    this.general = general;
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
    for (int row = rowFrom; row < rowTo; row++) {
      chains[row - rowFrom].load(x, row);
    }
    for (int panel = panelFrom; panel < panelTo; panel++) {
      for (int row = rowFrom; row < rowTo; row++) {
        long to = (row * yStride + panel * (long) ROWS) * Float.BYTES;
        if (!panel(w, panel, chains[row - rowFrom], y, to)) {
          general.multiply(w, panel, panel + 1, x, row, row + 1, y, yStride);
        }
      }
    }
  }

  /// @return whether all scales were in range; else the outputs mean nothing
  private static boolean panel(Panels w, int panel, NibbleChain x, MemorySegment y, long to) {
    boolean inRange = x.isInRange;
    for (int lane = 0; lane < ROWS && inRange; lane += Lanes.COUNT) {
      inRange = lanes(w, panel * w.panelBytes(), lane, x, y, to + 4L * lane);
    }
    return inRange;
  }

  /// Computes as many outputs of a panel as there are lanes: `acc = fma(sum − 8 · Σx, d · scaleX,
  /// acc)` for block after block.
  ///
  /// Shifts are those of 32-bit lanes, whose distances the compiler puts into the instructions; for
  /// 16-bit lanes it moves each distance to a register first. The loop stores nothing, or bounds
  /// and owners of memory would be checked anew in each round; its rounds are half a block, or the
  /// compiler would have too much to inline. Products of a group of nibbles are added up as a tree,
  /// for one chain of additions through a block would hold them all up. In the end of a block both
  /// halves of a lane meet in the upper half.
  ///
  /// Scales are converted as [VectorHalves] does it, but in place, since vectors that are handed
  /// over would be boxed; and the factor is in the chain's scales already. What is left is to see
  /// whether one was infinite or no number.
  ///
  /// @return whether all scales were finite; else the outputs mean nothing
  private static boolean lanes(
      Panels panels, long from, int lane, NibbleChain chain, MemorySegment y, long to) {
    MemorySegment memory = panels.memory();
    int halves = 2 * (panels.size() / Activations.BLOCK);
    int[] pairs = chain.pairs;
    int[] centers = chain.centers;
    float[] scales = chain.scales;
    long quants = from + SCALE_BYTES + 4L * lane;
    IntVector seen = IntVector.zero(INTS);
    FloatVector acc = FloatVector.zero(Lanes.FLOATS);
    ShortVector a = IntVector.broadcast(INTS, centers[0]).reinterpretAsShorts();
    for (int round = 0; round < halves; round++) {
      // The mask changes nothing, but bounds are then checked where they are met, by a comparison:
      // else the compiler splits the loop at great cost, and pairs go by way of general registers.
      int half = round & pairs.length / NibbleChain.HALF_PAIRS - 1;
      int block = half >> 1;
      int i = half * NibbleChain.HALF_PAIRS;
      long at = quants + half * (long) HALF_BYTES + block * (long) SCALE_BYTES;
      IntVector w = IntVector.fromMemorySegment(INTS, memory, at, ORDER);
      ShortVector x = IntVector.broadcast(INTS, pairs[i]).reinterpretAsShorts();
      ShortVector p0 = w.reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 2]).reinterpretAsShorts();
      ShortVector p1 = w.lanewise(LSHR, 4).reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 4]).reinterpretAsShorts();
      ShortVector p2 = w.lanewise(LSHR, 8).reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 6]).reinterpretAsShorts();
      ShortVector p3 = w.lanewise(LSHR, 12).reinterpretAsShorts().mul(x);
      a = a.add(p0.add(p1).add(p2.add(p3)));
      w = IntVector.fromMemorySegment(INTS, memory, at + GROUP_BYTES, ORDER);
      x = IntVector.broadcast(INTS, pairs[i + 1]).reinterpretAsShorts();
      p0 = w.reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 3]).reinterpretAsShorts();
      p1 = w.lanewise(LSHR, 4).reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 5]).reinterpretAsShorts();
      p2 = w.lanewise(LSHR, 8).reinterpretAsShorts().mul(x);
      x = IntVector.broadcast(INTS, pairs[i + 7]).reinterpretAsShorts();
      p3 = w.lanewise(LSHR, 12).reinterpretAsShorts().mul(x);
      a = a.add(p0.add(p1).add(p2.add(p3)));
      if ((half & 1) == 1) {
        IntVector sum = a.reinterpretAsInts();
        sum = sum.add(sum.lanewise(LSHL, 16)).lanewise(ASHR, 16);
        long scale = from + block * (long) BLOCK_BYTES + 2L * lane;
        ShortVector d16 = ShortVector.fromMemorySegment(Lanes.HALF_SHORTS, memory, scale, ORDER);
        IntVector d = (IntVector) d16.convertShape(S2I, INTS, 0);
        d = d.lanewise(LSHL, PLACES).and(BITS);
        seen = seen.or(d.add(EXPONENT_UNIT));
        FloatVector factor = d.reinterpretAsFloats().mul(scales[block]);
        acc = ((FloatVector) sum.convert(I2F, 0)).fma(factor, acc);
        a = IntVector.broadcast(INTS, centers[block + 1]).reinterpretAsShorts();
      }
    }
    acc.intoMemorySegment(y, to, ORDER);
    return (seen.reduceLanes(OR) & VectorHalves.OVERFLOW) == 0;
  }
}
