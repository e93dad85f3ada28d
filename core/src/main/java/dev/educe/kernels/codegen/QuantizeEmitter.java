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
/// It returns the bits of the largest magnitude, which is above all others for NaN.
final class QuantizeEmitter {
  private static final Gpr FLOATS = RDI;
  private static final Gpr QUANTIZED = RSI;
  private static final Gpr SCALES = RDX;
  private static final Gpr SUMS = RCX;
  private static final Gpr BLOCKS = R8;
  private static final int EVEN_LANES = 0x88;
  private static final int ODD_LANES = 0xdd;
  private static final int SECOND_LANE = 0x55;

  private final Vec highest = ymm(10); // of all blocks, lane by lane
  private final Vec spare = ymm(11);
  private final Vec first = ymm(12); // sums of the first half
  private final Vec second = ymm(13);

  private final Assembler a = new Assembler();

  /// Writes the kernel.
  Assembler emit() {
    var block = new BlockQuantizer(a);
    block.load();
    a.vpxor(highest, highest, highest);
    Label again = a.here();
    for (int i = 0; i < BlockQuantizer.VECTORS; i++) {
      a.vmovups(ymm(i), mem(FLOATS, 32 * i));
    }
    a.vpmaxsd(highest, highest, block.emitLargest());
    a.vmovd(mem(SCALES), block.emitIntegers());
    emitSums();
    block.emitBytes(mem(QUANTIZED));
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

  private void emitSums() {
    a.vpaddd(first, ymm(0), ymm(1));
    a.vpaddd(second, ymm(2), ymm(3));
    a.vshufps(spare, first, second, EVEN_LANES);
    a.vshufps(first, first, second, ODD_LANES);
    a.vpaddd(first, first, spare);
    // The first two lanes of either 128 bits belong to the first half.
    a.vextracti128(spare.as(128), first, 1);
    Vec sums = first.as(128);
    a.vpaddd(sums, sums, spare.as(128));
    a.vshufps(spare.as(128), sums, sums, EVEN_LANES);
    a.vshufps(sums, sums, sums, ODD_LANES);
    a.vpaddd(sums, sums, spare.as(128));
    a.vmovd(mem(SUMS), sums);
    a.vshufps(sums, sums, sums, SECOND_LANE);
    a.vmovd(mem(SUMS, Integer.BYTES), sums);
  }
}
