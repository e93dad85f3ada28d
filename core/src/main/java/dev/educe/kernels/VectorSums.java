package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// From the 16-bit sums of [VectorDots] to outputs.
///
/// First the two shorts of a lane are added and become a float; then each block's sum is scaled and
/// accumulated. Integers below 2²⁴ are exact in F32, so the floats before the scaling are exact.
final class VectorSums {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int VECTOR_BYTES = Lanes.BITS / 8;
  private static final int GROUP = 64;

  private VectorSums() {}

  /// Adds the two shorts of each lane: `bytes` bytes of sums become as many of floats.
  static void fold(MemorySegment sums, int bytes) {
    for (int i = 0; i < bytes; i += VECTOR_BYTES) {
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, i, ORDER);
      IntVector sum = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      sum.convert(I2F, 0).reinterpretAsFloats().intoMemorySegment(sums, i, ORDER);
    }
  }

  /// Adds the shorts of each lane of two neighbouring groups: half as many floats.
  static void foldPairs(MemorySegment sums, int bytes) {
    for (int i = 0; i < bytes / 2; i += VECTOR_BYTES) {
      long at = (i >> 6) * 2L * GROUP + (i & 63);
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, at, ORDER);
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, at + GROUP, ORDER);
      IntVector low = v.lanewise(LSHL, 16).lanewise(ASHR, 16);
      low = low.add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      IntVector sum = v.lanewise(ASHR, 16).add(u.lanewise(ASHR, 16)).add(low);
      sum.convert(I2F, 0).reinterpretAsFloats().intoMemorySegment(sums, i, ORDER);
    }
  }

  /// Adds the shorts of each lane of a low and a high plane, the latter times 16: floats in place
  /// of the low plane.
  ///
  /// @param low where the low plane's sums begin; the high plane's lie `bytes` behind
  static void foldPlanes(MemorySegment sums, long low, int bytes) {
    for (int i = 0; i < bytes; i += VECTOR_BYTES) {
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, low + i, ORDER);
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, low + bytes + i, ORDER);
      IntVector high = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      IntVector sum = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      sum = sum.add(high.lanewise(LSHL, 4));
      sum.convert(I2F, 0).reinterpretAsFloats().intoMemorySegment(sums, low + i, ORDER);
    }
  }

  /// Adds the blocks of one panel and one row of activations to the outputs in `y`.
  ///
  /// The operands of each part are those that `panel` was loaded with, the sums of the blocks begin
  /// at `from` in `sums`, the activations' first block is `x`.
  static void accumulate(
      QuantForm form,
      MemorySegment sums,
      long from,
      int blocks,
      PanelScales panel,
      ActivationPairs activations,
      int x,
      MemorySegment y,
      long yFrom) {
    boolean hasSecond = form.second() != QuantForm.Second.NONE;
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      long at = from + 4L * lane;
      long to = yFrom + 4L * lane;
      if (form.subScales().isHalved()) {
        if (hasSecond) {
          halvesWithSecond(sums, at, blocks, panel, lane, activations, x, y, to);
        } else {
          halves(form.zero(), sums, at, blocks, panel, lane, activations, x, y, to);
        }
      } else if (hasSecond) {
        wholesWithSecond(sums, at, blocks, panel, lane, activations, x, y, to);
      } else {
        wholes(form.zero(), sums, at, blocks, panel, lane, activations, x, y, to);
      }
    }
  }

  /// `isum = s · (sum − zero · Σx)`.
  private static void wholes(
      float zero,
      MemorySegment sums,
      long from,
      int blocks,
      PanelScales panel,
      int lane,
      ActivationPairs activations,
      int x,
      MemorySegment y,
      long yAt) {
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, yAt, ORDER);
    int step = panel.step;
    for (int b = 0; b < blocks; b++) {
      float excess = zero * (activations.sums[2 * (x + b)] + activations.sums[2 * (x + b) + 1]);
      FloatVector sum =
          FloatVector.fromMemorySegment(Lanes.FLOATS, sums, from + (long) b * GROUP, ORDER);
      FloatVector s = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 16 * b + lane);
      FloatVector d = FloatVector.fromArray(Lanes.FLOATS, panel.scales, step * b + lane);
      acc = sum.sub(excess).mul(s).fma(d.mul(activations.scales[x + b]), acc);
    }
    acc.intoMemorySegment(y, yAt, ORDER);
  }

  /// `isum = s · sum`, and the second scale times `−m · Σx`.
  private static void wholesWithSecond(
      MemorySegment sums,
      long from,
      int blocks,
      PanelScales panel,
      int lane,
      ActivationPairs activations,
      int x,
      MemorySegment y,
      long yAt) {
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, yAt, ORDER);
    int step = panel.step;
    for (int b = 0; b < blocks; b++) {
      float total = activations.sums[2 * (x + b)] + activations.sums[2 * (x + b) + 1];
      float scaleX = activations.scales[x + b];
      FloatVector sum =
          FloatVector.fromMemorySegment(Lanes.FLOATS, sums, from + (long) b * GROUP, ORDER);
      FloatVector s = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 16 * b + lane);
      FloatVector d = FloatVector.fromArray(Lanes.FLOATS, panel.scales, step * b + lane);
      acc = sum.mul(s).fma(d.mul(scaleX), acc);
      FloatVector m = FloatVector.fromArray(Lanes.FLOATS, panel.mins, 16 * b + lane);
      FloatVector second = FloatVector.fromArray(Lanes.FLOATS, panel.seconds, step * b + lane);
      acc = m.mul(-total).fma(second.mul(scaleX), acc);
    }
    acc.intoMemorySegment(y, yAt, ORDER);
  }

  /// `isum = s0 · (sum0 − zero · Σx0) + s1 · (sum1 − zero · Σx1)`.
  private static void halves(
      float zero,
      MemorySegment sums,
      long from,
      int blocks,
      PanelScales panel,
      int lane,
      ActivationPairs activations,
      int x,
      MemorySegment y,
      long yAt) {
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, yAt, ORDER);
    FloatVector d = FloatVector.fromArray(Lanes.FLOATS, panel.scales, lane);
    for (int b = 0; b < blocks; b++) {
      long at = from + (long) b * 2 * GROUP;
      FloatVector s0 = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 32 * b + lane);
      FloatVector s1 = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 32 * b + 16 + lane);
      FloatVector sum0 =
          FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at, ORDER)
              .sub(zero * activations.sums[2 * (x + b)]);
      FloatVector sum1 =
          FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at + GROUP, ORDER)
              .sub(zero * activations.sums[2 * (x + b) + 1]);
      acc = sum0.fma(s0, sum1.mul(s1)).fma(d.mul(activations.scales[x + b]), acc);
    }
    acc.intoMemorySegment(y, yAt, ORDER);
  }

  /// `isum = s0 · sum0 + s1 · sum1`, and the second scale times `−(m0 · Σx0 + m1 · Σx1)`.
  private static void halvesWithSecond(
      MemorySegment sums,
      long from,
      int blocks,
      PanelScales panel,
      int lane,
      ActivationPairs activations,
      int x,
      MemorySegment y,
      long yAt) {
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, yAt, ORDER);
    FloatVector d = FloatVector.fromArray(Lanes.FLOATS, panel.scales, lane);
    FloatVector second = FloatVector.fromArray(Lanes.FLOATS, panel.seconds, lane);
    for (int b = 0; b < blocks; b++) {
      long at = from + (long) b * 2 * GROUP;
      float scaleX = activations.scales[x + b];
      FloatVector s0 = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 32 * b + lane);
      FloatVector s1 = FloatVector.fromArray(Lanes.FLOATS, panel.subScales, 32 * b + 16 + lane);
      FloatVector sum0 = FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at, ORDER);
      FloatVector sum1 = FloatVector.fromMemorySegment(Lanes.FLOATS, sums, at + GROUP, ORDER);
      acc = sum0.fma(s0, sum1.mul(s1)).fma(d.mul(scaleX), acc);
      FloatVector m0 = FloatVector.fromArray(Lanes.FLOATS, panel.mins, 32 * b + lane);
      FloatVector m1 = FloatVector.fromArray(Lanes.FLOATS, panel.mins, 32 * b + 16 + lane);
      FloatVector min0 = m0.mul(-activations.sums[2 * (x + b)]);
      FloatVector min1 = m1.mul(-activations.sums[2 * (x + b) + 1]);
      acc = min0.add(min1).fma(second.mul(scaleX), acc);
    }
    acc.intoMemorySegment(y, yAt, ORDER);
  }
}
