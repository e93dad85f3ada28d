package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.R9;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Gpr.RSP;
import static dev.educe.kernels.codegen.Mem.mem;
import static dev.educe.kernels.codegen.Vec.ymm;

import dev.educe.kernels.KvType;

/// Writes the kernel that stores a head's key, or its value, of one token in its page, in 8 bits.
///
///     void kernel(floats, bytes, scales, channels, bytesApart, scalesApart)
///
/// Channels come in eights. In the page they lie `bytesApart`, their scales `scalesApart`.
final class QuantizedStoreEmitter {
  private static final Gpr FLOATS = RDI;
  private static final Gpr BYTES = RSI;
  private static final Gpr SCALES = RDX;
  private static final Gpr CHANNELS = RCX;
  private static final Gpr BYTES_APART = R8;
  private static final Gpr SCALES_APART = R9;
  private static final int STEP = 8;

  private final Assembler a = new Assembler();

  /// Writes the kernel; there is at least one channel.
  Assembler emit() {
    var block = new BlockQuantizer(a);
    block.load();
    for (int i = 0; i < KvType.GROUP / STEP; i++) {
      a.push(RAX);
    }
    Label done = new Label();
    Label again = a.here();
    emitLoads();
    block.emitLargest();
    a.vmovd(mem(SCALES), block.emitIntegers());
    block.emitZeros();
    block.emitBytes(mem(RSP));
    for (int i = 0; i < KvType.GROUP; i += STEP) {
      a.mov(RAX, mem(RSP, i));
      for (int channel = 0; channel < STEP; channel++) {
        a.mov8(mem(BYTES), RAX);
        a.shr(RAX, Byte.SIZE);
        a.add(BYTES, BYTES_APART);
      }
      a.sub(CHANNELS, STEP);
      a.jump(Condition.EQUAL, done);
    }
    a.add(FLOATS, KvType.GROUP * Float.BYTES);
    a.add(SCALES, SCALES_APART);
    a.jmp(again);
    a.bind(done);
    a.add(RSP, KvType.GROUP);
    a.vzeroupper();
    a.ret();
    return a;
  }

  /// Loads a group; what a head's last one lacks becomes zeros.
  private void emitLoads() {
    Label loaded = new Label();
    for (int i = 0; i < BlockQuantizer.VECTORS; i++) {
      a.vpxor(ymm(i), ymm(i), ymm(i));
    }
    for (int i = 0; i < BlockQuantizer.VECTORS; i++) {
      a.cmp(CHANNELS, STEP * i);
      a.jump(Condition.LESS_OR_EQUAL, loaded);
      a.vmovups(ymm(i), mem(FLOATS, STEP * Float.BYTES * i));
    }
    a.bind(loaded);
  }
}
