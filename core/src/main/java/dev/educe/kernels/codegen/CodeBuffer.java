package dev.educe.kernels.codegen;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// Instruction bytes as they grow: little-endian numbers, operands in memory, distances to labels,
/// and the constants that lie behind the code.
final class CodeBuffer {
  // Low bits of a register's number with a special meaning where a base register is expected.
  private static final int SIB_FOLLOWS = 4;
  private static final int NO_BASE = 5;

  private byte[] bytes = new byte[1024];
  private int size;
  private final Map<Constant, Label> constants = new LinkedHashMap<>();

  /// Sixteen bytes, or four, by value.
  private record Constant(long low, long high, int bytes) {}

  int size() {
    return size;
  }

  void byteValue(int value) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * size);
    }
    bytes[size++] = (byte) value;
  }

  void number(long value, int byteCount) {
    for (int i = 0; i < byteCount; i++) {
      byteValue((int) (value >>> (8 * i)));
    }
  }

  /// Writes the ModRM byte and what follows it.
  ///
  /// @param register the register field
  /// @param unit what a one-byte displacement counts: 1, or `N` in EVEX
  /// @param bytesBehind immediate bytes between the operand and the instruction's end
  void operand(int register, Operand operand, int unit, int bytesBehind) {
    int field = (register & 7) << 3;
    switch (operand) {
      case Gpr gpr -> byteValue(0xc0 | field | (gpr.ordinal() & 7));
      case Vec vec -> byteValue(0xc0 | field | (vec.index() & 7));
      case Mem mem when mem.label().isPresent() -> {
        byteValue(field | NO_BASE);
        distance(mem.label().get(), bytesBehind);
      }
      case Mem mem -> memory(field, mem, unit);
    }
  }

  private void memory(int field, Mem mem, int unit) {
    int base = mem.base().orElseThrow().ordinal() & 7;
    int displacement = mem.displacement();
    boolean isShort =
        displacement % unit == 0 && (byte) (displacement / unit) == displacement / unit;
    boolean isNone = displacement == 0 && base != NO_BASE;
    int mode = isNone ? 0 : isShort ? 0x40 : 0x80;
    if (mem.index().isPresent() || base == SIB_FOLLOWS) {
      int index = mem.index().map(gpr -> gpr.ordinal() & 7).orElse(SIB_FOLLOWS);
      byteValue(mode | field | SIB_FOLLOWS);
      byteValue(Integer.numberOfTrailingZeros(mem.scale()) << 6 | index << 3 | base);
    } else {
      byteValue(mode | field | base);
    }
    if (mode == 0x40) {
      byteValue(displacement / unit);
    } else if (mode == 0x80) {
      number(displacement, 4);
    }
  }

  /// Writes the 32-bit distance from the instruction's end to a label, now or when it is bound.
  void distance(Label label, int bytesBehind) {
    int from = size + 4 + bytesBehind;
    if (label.isBound()) {
      number(label.position() - from, 4);
    } else {
      label.await(new Label.Fixup(size, from));
      number(0, 4);
    }
  }

  void bind(Label label) {
    label.bind(size);
    for (Label.Fixup fixup : label.fixups()) {
      int distance = size - fixup.from();
      for (int i = 0; i < 4; i++) {
        bytes[fixup.at() + i] = (byte) (distance >>> (8 * i));
      }
    }
  }

  /// The place of four bytes behind the code.
  Label constant(int value) {
    return constants.computeIfAbsent(new Constant(value, 0, 4), _ -> new Label());
  }

  /// The place of sixteen bytes behind the code.
  Label constant(long low, long high) {
    return constants.computeIfAbsent(new Constant(low, high, 16), _ -> new Label());
  }

  /// Appends the constants and gives the whole.
  byte[] finish() {
    constants.forEach((constant, label) -> {
      while (size % constant.bytes() != 0) {
        byteValue(0);
      }
      bind(label);
      number(constant.low(), Math.min(constant.bytes(), 8));
      if (constant.bytes() == 16) {
        number(constant.high(), 8);
      }
    });
    constants.clear();
    return Arrays.copyOf(bytes, size);
  }
}
