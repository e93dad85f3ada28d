package dev.educe.kernels.codegen;

import java.util.Optional;

/// A place in memory: `base + index · scale + displacement`, or a label in the code itself.
///
/// @param base empty only for a label
/// @param scale 1, 2, 4 or 8
/// @param isBroadcast whether one 32-bit element fills all lanes
record Mem(
    Optional<Gpr> base,
    Optional<Gpr> index,
    int scale,
    int displacement,
    boolean isBroadcast,
    Optional<Label> label)
    implements Operand {
  Mem {
    if (scale != 1 && scale != 2 && scale != 4 && scale != 8) {
      throw new IllegalArgumentException("a scale is 1, 2, 4 or 8, got " + scale);
    }
    if (index.filter(Gpr.RSP::equals).isPresent()) {
      throw new IllegalArgumentException("RSP cannot be an index");
    }
  }

  static Mem mem(Gpr base) {
    return mem(base, 0);
  }

  static Mem mem(Gpr base, int displacement) {
    return new Mem(Optional.of(base), Optional.empty(), 1, displacement, false, Optional.empty());
  }

  static Mem mem(Label label) {
    return new Mem(Optional.empty(), Optional.empty(), 1, 0, false, Optional.of(label));
  }

  /// This place plus `register · by`.
  Mem index(Gpr register, int by) {
    return new Mem(base, Optional.of(register), by, displacement, isBroadcast, label);
  }

  /// This place plus so many bytes.
  Mem plus(int bytes) {
    int sum = Math.addExact(displacement, bytes);
    return new Mem(base, index, scale, sum, isBroadcast, label);
  }

  /// The 32-bit element at this place, in all lanes: `{1to16}`.
  Mem broadcast() {
    return new Mem(base, index, scale, displacement, true, label);
  }
}
