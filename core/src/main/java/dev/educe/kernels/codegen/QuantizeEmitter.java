package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Gpr.RSP;
import static dev.educe.kernels.codegen.Mem.mem;
import static dev.educe.kernels.codegen.Vec.ymm;

import dev.educe.kernels.Activations;

/// Writes the kernel that quantizes a row of whole blocks, at least one; see
/// [dev.educe.kernels.MatrixKernels#quantize].
///
///     long kernel(floats, quantized, scales, sums, blocks)
///
/// It returns the bits of the largest magnitude, which is above all others for NaN. Vectors have
/// 256 bits in every tier: a block is short, and what takes time is its division.
final class QuantizeEmitter {
  private static final Gpr FLOATS = RDI;
  private static final Gpr QUANTIZED = RSI;
  private static final Gpr SCALES = RDX;
  private static final Gpr SUMS = RCX;
  private static final Gpr BLOCKS = R8;
  private static final int VECTORS = Activations.BLOCK / 8;
  private static final int NOT_LESS = 5; // of vcmpps
  private static final int EVEN_LANES = 0x88;
  private static final int ODD_LANES = 0xdd;
  private static final int SECOND_LANE = 0x55;

  // The first four registers hold the block.
  private final Vec amax = ymm(4);
  private final Vec spare = ymm(5);
  private final Vec other = ymm(6);
  private final Vec highest = ymm(7); // of all blocks, lane by lane
  private final Vec magnitude = ymm(8); // all bits but the sign
  private final Vec full = ymm(9); // 127
  private final Vec least = ymm(10);

  private final Assembler a = new Assembler();

  /// Writes the kernel.
  Assembler emit() {
    a.vbroadcastss(magnitude, a.constant(Integer.MAX_VALUE));
    a.vbroadcastss(full, a.constant(Float.floatToRawIntBits(127f)));
    a.vbroadcastss(least, a.constant(Float.floatToRawIntBits(0x1p-100f)));
    a.vpxor(highest, highest, highest);
    Label again = a.here();
    emitLargest();
    emitFactors();
    emitValues();
    emitSums();
    a.add(FLOATS, Activations.BLOCK * Float.BYTES);
    a.add(QUANTIZED, Activations.BLOCK);
    a.add(SCALES, Float.BYTES);
    a.add(SUMS, 2 * Integer.BYTES);
    a.dec(BLOCKS);
    a.jump(Condition.NOT_EQUAL, again);
    LaneTree.emit(a, highest, spare, a::vpmaxsd);
    a.xor(RAX, RAX);
    a.push(RAX);
    a.vmovd(mem(RSP), highest.as(128));
    a.pop(RAX);
    a.vzeroupper();
    a.ret();
    return a;
  }

  private void emitLargest() {
    for (int i = 0; i < VECTORS; i++) {
      a.vmovups(ymm(i), mem(FLOATS, 32 * i));
      a.vpand(i == 0 ? amax : spare, ymm(i), magnitude);
      if (i > 0) {
        a.vpmaxsd(amax, amax, spare);
      }
    }
    a.vpmaxsd(highest, highest, amax);
    LaneTree.emit(a, amax, spare, a::vpmaxsd);
  }

  /// Writes the scale; leaves its inverse in all lanes of [#spare].
  private void emitFactors() {
    Vec mask = other.as(128);
    Vec inverse = spare.as(128);
    Vec scale = amax.as(128);
    a.vcmpps(mask, scale, least.as(128), NOT_LESS);
    a.vdivps(inverse, full.as(128), scale);
    a.vpand(inverse, inverse, mask);
    a.vdivps(scale, scale, full.as(128));
    a.vpand(scale, scale, mask);
    a.vmovd(mem(SCALES), scale);
    a.vbroadcastss(spare, inverse);
  }

  /// Leaves the sums of both halves' pairs in [#amax] and [#other].
  private void emitValues() {
    for (int i = 0; i < VECTORS; i++) {
      a.vmulps(ymm(i), ymm(i), spare);
      a.vcvtps2dq(ymm(i), ymm(i));
    }
    a.vpaddd(amax, ymm(0), ymm(1));
    a.vpaddd(other, ymm(2), ymm(3));
    // The lower 128 bits get the elements 0 to 3, 8 to 11 and so on, the upper ones the rest.
    a.vpackssdw(ymm(0), ymm(0), ymm(1));
    a.vpackssdw(ymm(2), ymm(2), ymm(3));
    a.vpacksswb(ymm(0), ymm(0), ymm(2));
    Vec low = ymm(0).as(128);
    Vec high = ymm(1).as(128);
    Vec result = ymm(2).as(128);
    a.vextracti128(high, ymm(0), 1);
    a.vunpcklps(result, low, high);
    a.vmovups(mem(QUANTIZED), result);
    a.vunpckhps(result, low, high);
    a.vmovups(mem(QUANTIZED, 16), result);
  }

  private void emitSums() {
    a.vshufps(spare, amax, other, EVEN_LANES);
    a.vshufps(amax, amax, other, ODD_LANES);
    a.vpaddd(amax, amax, spare);
    // The first two lanes of either 128 bits belong to the first half.
    a.vextracti128(spare.as(128), amax, 1);
    Vec sums = amax.as(128);
    a.vpaddd(sums, sums, spare.as(128));
    a.vshufps(spare.as(128), sums, sums, EVEN_LANES);
    a.vshufps(sums, sums, sums, ODD_LANES);
    a.vpaddd(sums, sums, spare.as(128));
    a.vmovd(mem(SUMS), sums);
    a.vshufps(sums, sums, sums, SECOND_LANE);
    a.vmovd(mem(SUMS, Integer.BYTES), sums);
  }
}
