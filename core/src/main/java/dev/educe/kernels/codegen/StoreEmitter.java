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

import dev.educe.kernels.KvType;

/// Writes the kernel that stores a head's key and value of one token in their page, as F32 or F16.
///
///     void kernel(k, v, keys, values, channels, keyBytes)
///
/// Channels come in eights. Those of the key lie `keyBytes` apart in the page, those of the value
/// side by side.
final class StoreEmitter {
  private static final Gpr K = RDI;
  private static final Gpr V = RSI;
  private static final Gpr KEYS = RDX;
  private static final Gpr VALUES = RCX;
  private static final Gpr CHANNELS = R8;
  private static final Gpr KEY_BYTES = R9;
  private static final int STEP = 8;
  private static final int TO_NEAREST_EVEN = 0;

  private final Assembler a = new Assembler();
  private final KvType type;

  /// @param type F32 or F16
  StoreEmitter(KvType type) {
    this.type = type;
  }

  /// Writes the kernel.
  Assembler emit() {
    // Room for eight halves.
    a.push(RAX);
    a.push(RAX);
    Label again = a.here();
    Vec floats = Vec.ymm(0);
    a.vmovups(floats, mem(V));
    switch (type) {
      case F32 -> a.vmovups(mem(VALUES), floats);
      case F16 -> {
        a.vcvtps2ph(mem(VALUES), floats, TO_NEAREST_EVEN);
        a.vmovups(floats, mem(K));
        a.vcvtps2ph(mem(RSP), floats, TO_NEAREST_EVEN);
      }
    }
    for (int i = 0; i < STEP; i++) {
      switch (type) {
        case F32 -> {
          a.mov32(RAX, mem(K, Float.BYTES * i));
          a.mov32(mem(KEYS), RAX);
        }
        case F16 -> {
          a.movzx16(RAX, mem(RSP, Short.BYTES * i));
          a.mov16(mem(KEYS), RAX);
        }
      }
      a.add(KEYS, KEY_BYTES);
    }
    a.add(K, STEP * Float.BYTES);
    a.add(V, STEP * Float.BYTES);
    a.add(VALUES, STEP * type.elementBytes());
    a.sub(CHANNELS, STEP);
    a.jump(Condition.NOT_EQUAL, again);
    a.pop(RAX);
    a.pop(RAX);
    a.vzeroupper();
    a.ret();
    return a;
  }
}
