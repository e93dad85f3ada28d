package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// From the 16-bit sums of [VectorDots] to outputs, for some blocks of one row of activations.
///
/// The two shorts of a lane are added and become a float, which is scaled and accumulated, block by
/// block. Integers below 2²⁴ are exact in F32, so nothing is rounded before the scaling. Two panels
/// go side by side, since each addition waits for the one before.
final class VectorSums {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int GROUP = 64;

  private VectorSums() {}

  /// Where the blocks of a panel are.
  static final class Panel {
    final PanelScales scales = new PanelScales();

    /// Where the panel's sums begin, in bytes.
    long sums;

    /// Where its outputs are in `y`, in bytes.
    long y;
  }

  /// Sets the outputs of a panel to zero.
  static void clear(MemorySegment y, long at) {
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      FloatVector.zero(Lanes.FLOATS).intoMemorySegment(y, at + 4 * lane, ORDER);
    }
  }

  /// Adds the blocks of two panels to their outputs; they may be the same one, which is then done
  /// twice with one result.
  ///
  /// @param x the first block in `activations`
  static void accumulate(
      QuantForm form,
      MemorySegment sums,
      Panel p,
      Panel q,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float zero = form.zero() - CodeUnpacker.center(form);
    boolean hasSecond = form.second() != QuantForm.Second.NONE;
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      if (form.subScales().isHalved()) {
        if (hasSecond) {
          halvesWithSecond(sums, p, q, lane, blocks, activations, x, y);
        } else {
          halves(zero, sums, p, q, lane, blocks, activations, x, y);
        }
      } else if (hasSecond) {
        wholesWithSecond(zero, sums, p, q, lane, blocks, activations, x, y);
      } else {
        wholes(zero, sums, p, q, lane, blocks, activations, x, y);
      }
    }
  }

  /// One scale to a block: `acc = fma(sum − zero · Σx, d · s · scaleX, acc)`.
  private static void wholes(
      float zero,
      MemorySegment sums,
      Panel p,
      Panel q,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float[] scalesX = activations.scales;
    float[] totals = activations.totals;
    int shift = p.scales.shift;
    FloatVector acc0 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, p.y + 4 * lane, ORDER);
    FloatVector acc1 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, q.y + 4 * lane, ORDER);
    for (int b = 0; b < blocks; b++) {
      float excess = zero * totals[x + b];
      int s = 32 * b + lane;
      int d = 16 * (b >> shift) + lane;
      long at = 4 * lane + (long) b * GROUP;
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, p.sums + at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      acc0 =
          ((FloatVector) u.convert(I2F, 0))
              .sub(excess)
              .fma(
                  FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d)
                      .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s))
                      .mul(scalesX[x + b]),
                  acc0);
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, q.sums + at, ORDER);
      v = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      acc1 =
          ((FloatVector) v.convert(I2F, 0))
              .sub(excess)
              .fma(
                  FloatVector.fromArray(Lanes.FLOATS, q.scales.scales, d)
                      .mul(FloatVector.fromArray(Lanes.FLOATS, q.scales.subScales, s))
                      .mul(scalesX[x + b]),
                  acc1);
    }
    acc0.intoMemorySegment(y, p.y + 4 * lane, ORDER);
    acc1.intoMemorySegment(y, q.y + 4 * lane, ORDER);
  }

  /// With a minimum: `value = d · s · (sum − zero · Σx)`, `value = fma(dmin · m, −Σx, value)`, `acc
  /// = fma(value, scaleX, acc)`.
  private static void wholesWithSecond(
      float zero,
      MemorySegment sums,
      Panel p,
      Panel q,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float[] scalesX = activations.scales;
    float[] totals = activations.totals;
    int shift = p.scales.shift;
    FloatVector acc0 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, p.y + 4 * lane, ORDER);
    FloatVector acc1 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, q.y + 4 * lane, ORDER);
    for (int b = 0; b < blocks; b++) {
      float excess = zero * totals[x + b];
      FloatVector total = FloatVector.broadcast(Lanes.FLOATS, -totals[x + b]);
      FloatVector scaleX = FloatVector.broadcast(Lanes.FLOATS, scalesX[x + b]);
      FloatVector value;
      int s = 32 * b + lane;
      int d = 32 * (b >> shift) + lane;
      long at = 4 * lane + (long) b * GROUP;
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, p.sums + at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      value =
          FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d)
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s))
              .mul(((FloatVector) u.convert(I2F, 0)).sub(excess));
      value =
          FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d + 16)
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s + 16))
              .fma(total, value);
      acc0 = value.fma(scaleX, acc0);
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, q.sums + at, ORDER);
      v = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      value =
          FloatVector.fromArray(Lanes.FLOATS, q.scales.scales, d)
              .mul(FloatVector.fromArray(Lanes.FLOATS, q.scales.subScales, s))
              .mul(((FloatVector) v.convert(I2F, 0)).sub(excess));
      value =
          FloatVector.fromArray(Lanes.FLOATS, q.scales.scales, d + 16)
              .mul(FloatVector.fromArray(Lanes.FLOATS, q.scales.subScales, s + 16))
              .fma(total, value);
      acc1 = value.fma(scaleX, acc1);
    }
    acc0.intoMemorySegment(y, p.y + 4 * lane, ORDER);
    acc1.intoMemorySegment(y, q.y + 4 * lane, ORDER);
  }

  /// Halves: `value = d · s0 · (sum0 − zero · Σx0)`, `value = fma(d · s1, sum1 − zero · Σx1,
  /// value)`, `acc = fma(value, scaleX, acc)`.
  private static void halves(
      float zero,
      MemorySegment sums,
      Panel p,
      Panel q,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float[] sumsX = activations.sums;
    int shift = p.scales.shift;
    FloatVector acc0 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, p.y + 4 * lane, ORDER);
    FloatVector acc1 = FloatVector.fromMemorySegment(Lanes.FLOATS, y, q.y + 4 * lane, ORDER);
    for (int b = 0; b < blocks; b++) {
      FloatVector scaleX = FloatVector.broadcast(Lanes.FLOATS, activations.scales[x + b]);
      float excess0 = zero * sumsX[2 * (x + b)];
      float excess1 = zero * sumsX[2 * (x + b) + 1];
      int s = 32 * b + lane;
      int d = 16 * (b >> shift) + lane;
      long at = 4 * lane + (long) b * 2 * GROUP;
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, p.sums + at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, p.sums + at + GROUP, ORDER);
      v = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      FloatVector scale = FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d);
      FloatVector value =
          ((FloatVector) u.convert(I2F, 0))
              .sub(excess0)
              .mul(scale.mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s)));
      acc0 =
          ((FloatVector) v.convert(I2F, 0))
              .sub(excess1)
              .fma(
                  scale.mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s + 16)), value)
              .fma(scaleX, acc0);
      u = IntVector.fromMemorySegment(Lanes.INTS, sums, q.sums + at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      v = IntVector.fromMemorySegment(Lanes.INTS, sums, q.sums + at + GROUP, ORDER);
      v = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      scale = FloatVector.fromArray(Lanes.FLOATS, q.scales.scales, d);
      value =
          ((FloatVector) u.convert(I2F, 0))
              .sub(excess0)
              .mul(scale.mul(FloatVector.fromArray(Lanes.FLOATS, q.scales.subScales, s)));
      acc1 =
          ((FloatVector) v.convert(I2F, 0))
              .sub(excess1)
              .fma(
                  scale.mul(FloatVector.fromArray(Lanes.FLOATS, q.scales.subScales, s + 16)), value)
              .fma(scaleX, acc1);
    }
    acc0.intoMemorySegment(y, p.y + 4 * lane, ORDER);
    acc1.intoMemorySegment(y, q.y + 4 * lane, ORDER);
  }

  /// As [#halves] with a zero of 0, and after each half `value = fma(dmin · m, −Σx, value)`.
  private static void halvesWithSecond(
      MemorySegment sums,
      Panel p,
      Panel q,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    halvesWithSecond(sums, p, lane, blocks, activations, x, y);
    if (q.y != p.y) {
      halvesWithSecond(sums, q, lane, blocks, activations, x, y);
    }
  }

  private static void halvesWithSecond(
      MemorySegment sums,
      Panel p,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float[] sumsX = activations.sums;
    int shift = p.scales.shift;
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, p.y + 4 * lane, ORDER);
    for (int b = 0; b < blocks; b++) {
      int s = 32 * b + lane;
      int d = 32 * (b >> shift) + lane;
      long at = p.sums + 4 * lane + (long) b * 2 * GROUP;
      FloatVector scale = FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d);
      FloatVector second = FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d + 16);
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      FloatVector value =
          scale
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s))
              .mul((FloatVector) u.convert(I2F, 0));
      value =
          second
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.mins, s))
              .fma(FloatVector.broadcast(Lanes.FLOATS, -sumsX[2 * (x + b)]), value);
      u = IntVector.fromMemorySegment(Lanes.INTS, sums, at + GROUP, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      value =
          scale
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, s + 16))
              .fma((FloatVector) u.convert(I2F, 0), value);
      value =
          second
              .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.mins, s + 16))
              .fma(FloatVector.broadcast(Lanes.FLOATS, -sumsX[2 * (x + b) + 1]), value);
      acc = value.fma(FloatVector.broadcast(Lanes.FLOATS, activations.scales[x + b]), acc);
    }
    acc.intoMemorySegment(y, p.y + 4 * lane, ORDER);
  }

  /// Adds the blocks of one panel to its outputs, from the sums of two planes: as [#wholes] with a
  /// sum of `low + 16 · high`.
  ///
  /// @param high where the sums of the high plane begin
  static void accumulatePlanes(
      QuantForm form,
      MemorySegment sums,
      Panel p,
      long high,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    for (int lane = 0; lane < PanelLayout.ROWS; lane += Lanes.COUNT) {
      planes(form.zero(), sums, p, high, lane, blocks, activations, x, y);
    }
  }

  private static void planes(
      float zero,
      MemorySegment sums,
      Panel p,
      long high,
      int lane,
      int blocks,
      ActivationPairs activations,
      int x,
      MemorySegment y) {
    float[] scalesX = activations.scales;
    float[] totals = activations.totals;
    int shift = p.scales.shift;
    FloatVector acc = FloatVector.fromMemorySegment(Lanes.FLOATS, y, p.y + 4 * lane, ORDER);
    for (int b = 0; b < blocks; b++) {
      long at = 4 * lane + (long) b * GROUP;
      IntVector u = IntVector.fromMemorySegment(Lanes.INTS, sums, p.sums + at, ORDER);
      u = u.lanewise(ASHR, 16).add(u.lanewise(LSHL, 16).lanewise(ASHR, 16));
      IntVector v = IntVector.fromMemorySegment(Lanes.INTS, sums, high + at, ORDER);
      v = v.lanewise(ASHR, 16).add(v.lanewise(LSHL, 16).lanewise(ASHR, 16));
      int d = 16 * (b >> shift) + lane;
      acc =
          ((FloatVector) u.add(v.lanewise(LSHL, 4)).convert(I2F, 0))
              .sub(zero * totals[x + b])
              .fma(
                  FloatVector.fromArray(Lanes.FLOATS, p.scales.scales, d)
                      .mul(FloatVector.fromArray(Lanes.FLOATS, p.scales.subScales, 32 * b + lane))
                      .mul(scalesX[x + b]),
                  acc);
    }
    acc.intoMemorySegment(y, p.y + 4 * lane, ORDER);
  }
}
