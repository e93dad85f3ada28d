package dev.educe.kernels.codegen;

import dev.educe.kernels.codegen.VectorOp.Encodings;
import dev.educe.kernels.codegen.VectorOp.OpcodeMap;

/// Turns a row of [VectorOp] and its operands into bytes, in the shorter VEX form where that can
/// say it and in EVEX otherwise.
final class VectorEncoder {
  private static final int NO_IMMEDIATE = -1;
  private static final Vec UNUSED = Vec.xmm(0);

  private final CodeBuffer code;

  VectorEncoder(CodeBuffer code) {
    this.code = code;
  }

  /// `op register, second, operand`.
  void emit(VectorOp op, Vec register, Vec second, Operand operand) {
    encode(op, register, second, operand, register.bits(), NO_IMMEDIATE);
  }

  /// `op register, second, operand, immediate`.
  void emit(VectorOp op, Vec register, Vec second, Operand operand, int immediate) {
    encode(op, register, second, operand, register.bits(), immediate);
  }

  /// `op register, operand`: no second register. The vector's width is the wider one of the two.
  void emit(VectorOp op, Vec register, Operand operand) {
    int bits = operand instanceof Vec vec ? Math.max(vec.bits(), register.bits()) : register.bits();
    encode(op, register, UNUSED, operand, bits, NO_IMMEDIATE);
  }

  /// `op operand, register, immediate`, as stores and extracts have it.
  void emit(VectorOp op, Operand operand, Vec register, int immediate) {
    encode(op, register, UNUSED, operand, register.bits(), immediate);
  }

  /// `op target, operand, immediate`, where the row's digit takes the place of a register.
  void emitDigit(VectorOp op, Vec target, Operand operand, int immediate) {
    encode(
        op, new Vec(op.digit, target.bits(), 0, false), target, operand, target.bits(), immediate);
  }

  private void encode(
      VectorOp op, Vec register, Vec second, Operand operand, int bits, int immediate) {
    Vec masked =
        op.digit >= 0 ? second : operand instanceof Vec vec && vec.mask() != 0 ? vec : register;
    boolean isBroadcast = operand instanceof Mem mem && mem.isBroadcast();
    if (isBroadcast && op.tuple != VectorOp.Tuple.FULL) {
      throw new IllegalArgumentException(op + " cannot broadcast from memory");
    }
    int highest = Math.max(register.index(), second.index());
    if (operand instanceof Vec vec) {
      highest = Math.max(highest, vec.index());
    }
    boolean isShiftFromMemory = op.digit >= 0 && operand instanceof Mem;
    boolean needsEvex =
        bits == 512 || highest > 15 || isBroadcast || isShiftFromMemory || masked.mask() != 0;
    if (needsEvex && op.encodings == Encodings.VEX) {
      throw new IllegalArgumentException(op + " has no EVEX form for these operands");
    }
    int unit = 1;
    if (needsEvex || op.encodings == Encodings.EVEX) {
      evex(op, register, second, operand, bits, isBroadcast, masked);
      unit = op.memoryBytes(bits / 8, isBroadcast);
    } else {
      vex(op, register.index(), second.index(), operand, bits == 256 ? 1 : 0);
    }
    code.byteValue(op.opcode);
    code.operand(register.index(), operand, unit, immediate == NO_IMMEDIATE ? 0 : 1);
    if (immediate != NO_IMMEDIATE) {
      code.byteValue(immediate);
    }
  }

  private void vex(VectorOp op, int register, int second, Operand operand, int isWide) {
    int b = base(operand) >> 3 & 1;
    int x = index(operand) >> 3 & 1;
    int r = register >> 3 & 1;
    int tail = (~second & 0xf) << 3 | isWide << 2 | op.prefix.ordinal();
    if (b == 0 && x == 0 && op.w == 0 && op.map == OpcodeMap.M0F) {
      code.byteValue(0xc5);
      code.byteValue((r ^ 1) << 7 | tail);
    } else {
      code.byteValue(0xc4);
      code.byteValue((r ^ 1) << 7 | (x ^ 1) << 6 | (b ^ 1) << 5 | op.map.ordinal());
      code.byteValue(op.w << 7 | tail);
    }
  }

  private void evex(
      VectorOp op,
      Vec register,
      Vec second,
      Operand operand,
      int bits,
      boolean isBroadcast,
      Vec masked) {
    int r = register.index() >> 3;
    int b = base(operand) >> 3 & 1;
    int x = operand instanceof Vec vec ? vec.index() >> 4 : index(operand) >> 3;
    int width = bits == 512 ? 2 : bits == 256 ? 1 : 0;
    code.byteValue(0x62);
    code.byteValue(
        (~r & 1) << 7 | (~x & 1) << 6 | (~b & 1) << 5 | (~r >> 1 & 1) << 4 | op.map.ordinal());
    code.byteValue(op.w << 7 | (~second.index() & 0xf) << 3 | 1 << 2 | op.prefix.ordinal());
    code.byteValue(
        (masked.zeroing() ? 1 : 0) << 7
            | width << 5
            | (isBroadcast ? 1 : 0) << 4
            | (~second.index() >> 4 & 1) << 3
            | masked.mask());
  }

  /// The number of the register that stands in the operand's base or register field.
  private static int base(Operand operand) {
    return switch (operand) {
      case Gpr gpr -> gpr.ordinal();
      case Vec vec -> vec.index();
      case Mem mem -> mem.base().map(Gpr::ordinal).orElse(0);
    };
  }

  private static int index(Operand operand) {
    return operand instanceof Mem mem ? mem.index().map(Gpr::ordinal).orElse(0) : 0;
  }
}
