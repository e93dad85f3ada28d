package dev.educe.kernels;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.F2I;
import static jdk.incubator.vector.VectorOperators.I2B;
import static jdk.incubator.vector.VectorOperators.MAX;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.Vector;

/// Quantizes activations on the Vector API.
final class VectorQuantizer {
  private static final ByteOrder ORDER = ByteOrder.LITTLE_ENDIAN;
  private static final int BLOCK = Activations.BLOCK;
  private static final int INFINITY = 0x7f800000;

  // Added and taken away again it leaves the nearest integer, ties to even, of what is below 2²².
  private static final float ROUNDING = 0x1.8p23f;

  private VectorQuantizer() {}

  /// Quantizes a row.
  ///
  /// @return whether all its elements are finite
  static boolean quantizeRow(Activations x, int row) {
    boolean finite = true;
    int whole = x.size() / BLOCK;
    MemorySegment floats = x.floats();
    MemorySegment quantized = x.quantized();
    long from = (long) row * x.paddedSize() * 4;
    long to = row * x.rowBytes();
    for (int block = 0; block < whole; block++) {
      int bits = largest(floats, from + block * 128L);
      finite &= bits < INFINITY;
      float amax = Float.intBitsToFloat(bits);
      boolean isZero = amax < 0x1p-100f;
      float id = isZero ? 0f : 127f / amax;
      quantized.set(
          ValueLayout.JAVA_FLOAT, to + x.scalesOffset() + block * 4L, isZero ? 0f : amax / 127f);
      for (int half = 0; half < 2; half++) {
        int place = 2 * block + half;
        int sum = quantize(floats, from + place * 64L, id, quantized, to + place * 16L);
        quantized.set(ValueLayout.JAVA_INT, to + x.sumsOffset() + place * 4L, sum);
      }
    }
    if (whole * BLOCK < x.size()) {
      finite &= ScalarMatrix.quantizeBlock(x, row, whole);
    }
    return finite;
  }

  /// The largest magnitude of 32 floats, as bits.
  private static int largest(MemorySegment floats, long at) {
    IntVector largest = IntVector.zero(Lanes.INTS);
    for (int i = 0; i < BLOCK; i += Lanes.COUNT) {
      IntVector bits = IntVector.fromMemorySegment(Lanes.INTS, floats, at + i * 4L, ORDER);
      largest = largest.max(bits.and(Integer.MAX_VALUE));
    }
    return largest.reduceLanes(MAX);
  }

  /// Quantizes 16 floats.
  ///
  /// @return the sum of the results
  private static int quantize(
      MemorySegment floats, long from, float id, MemorySegment quantized, long to) {
    IntVector sum = IntVector.zero(Lanes.INTS);
    ByteVector bytes = ByteVector.zero(ByteVector.SPECIES_128);
    for (int i = 0; i < 16; i += Lanes.COUNT) {
      FloatVector x = FloatVector.fromMemorySegment(Lanes.FLOATS, floats, from + i * 4L, ORDER);
      IntVector q = (IntVector) x.mul(id).add(ROUNDING).sub(ROUNDING).convert(F2I, 0);
      sum = sum.add(q);
      Vector<Byte> part = q.convertShape(I2B, ByteVector.SPECIES_128, -(i / Lanes.COUNT));
      bytes = bytes.or(part);
    }
    bytes.intoMemorySegment(quantized, to, ORDER);
    return sum.reduceLanes(ADD);
  }
}
