package dev.educe.kernels.codegen;

import dev.educe.kernels.Exponential;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;

/// Writes [Exponential#exp], step for step the same, over a few vectors at once.
///
/// Registers from 0 up to [#free] belong to it, and with 512 bits those from 16 on, which keep its
/// constants, and the opmasks from 1 on.
final class ExponentialEmitter {
  private static final float[] CONSTANTS = {
    Exponential.EXP_MIN,
    Exponential.ROUNDER,
    Exponential.LOG2_E,
    -Exponential.LN2_HIGH,
    -Exponential.LN2_LOW,
    Exponential.E6,
    Exponential.E5,
    Exponential.E4,
    Exponential.E3,
    Exponential.E2,
    1f
  };
  private static final int CONSTANTS_FROM = 16;
  private static final int EXPONENT_BITS = 23;
  // "Not less, or not a number": numbers below the smallest argument do not pass, NaN does.
  private static final int NOT_LESS = 5;

  private final Assembler a;
  private final int bits;
  private final int width;

  ExponentialEmitter(Assembler a, Tier tier) {
    this.a = a;
    this.bits = tier.bits();
    this.width = bits == 512 ? 4 : 2;
  }

  /// How many vectors are computed at once, at most.
  int width() {
    return width;
  }

  /// The argument, and then the result, of one of the vectors computed at once.
  Vec x(int index) {
    return register(index);
  }

  /// The number of the first register that stays untouched, but for those of constants.
  int free() {
    return bits == 512 ? 3 * width : 4 * width + 1;
  }

  /// Loads the constants, where there are registers for them.
  void load() {
    if (bits == 512) {
      for (int i = 0; i < CONSTANTS.length; i++) {
        a.vbroadcastss(register(CONSTANTS_FROM + i), memory(CONSTANTS[i]));
      }
    }
  }

  /// Replaces the first `count` of [#x] by e to their power; none is positive.
  void emit(int count) {
    emitPolynomial(count);
    // The bits of 1f are those of the exponent 0. A product keeps NaN, which an addition to the
    // exponent might not.
    each(1f, count, (i, one) -> a.vpaddd(power(i), power(i), one));
    for (int i = 0; i < count; i++) {
      combine(i, a::vmulps);
    }
  }

  /// The same for arguments of either sign. What becomes of NaN and of arguments above
  /// [Exponential#EXP_MAX] is undefined.
  void emitUpToMax(int count) {
    emitPolynomial(count);
    // Two to the power of 128 is no float, though its product with what is below one is.
    for (int i = 0; i < count; i++) {
      combine(i, a::vpaddd);
    }
  }

  /// Leaves the polynomial in [#polynomial] and what is to be added to its exponent in [#power].
  private void emitPolynomial(int count) {
    List<Vec> x = registers(0, count);
    List<Vec> n = registers(width, count);
    List<Vec> p = registers(2 * width, count);
    each(Exponential.EXP_MIN, count, this::compare);
    each(Exponential.ROUNDER, count, (i, rounder) -> a.vmovups(n.get(i), rounder));
    each(Exponential.LOG2_E, count, (i, factor) -> a.vfmadd231ps(n.get(i), x.get(i), factor));
    each(Exponential.ROUNDER, count, (i, rounder) -> a.vsubps(p.get(i), n.get(i), rounder));
    each(-Exponential.LN2_HIGH, count, (i, high) -> a.vfmadd231ps(x.get(i), p.get(i), high));
    each(-Exponential.LN2_LOW, count, (i, low) -> a.vfmadd231ps(x.get(i), p.get(i), low));
    each(Exponential.E6, count, (i, e) -> a.vmovups(p.get(i), e));
    float[] factors = {Exponential.E5, Exponential.E4, Exponential.E3, Exponential.E2, 1f, 1f};
    for (float factor : factors) {
      each(factor, count, (i, e) -> a.vfmadd213ps(p.get(i), x.get(i), e));
    }
    n.forEach(each -> a.vpslld(each, each, EXPONENT_BITS));
  }

  private void compare(int i, Vec smallest) {
    if (bits == 512) {
      a.vcmppsMask(1 + i, x(i), smallest, NOT_LESS);
    } else {
      a.vcmpps(mask(i), x(i), smallest, NOT_LESS);
    }
  }

  private void combine(int i, LaneTree.Combination combination) {
    if (bits == 512) {
      combination.emit(x(i).zeroed(1 + i), polynomial(i), power(i));
    } else {
      combination.emit(x(i), polynomial(i), power(i));
      a.vpand(x(i), x(i), mask(i));
    }
  }

  /// Does a step with a constant for each vector.
  private void each(float constant, int count, BiConsumer<Integer, Vec> step) {
    Vec held = register(4 * width);
    if (bits == 512) {
      int index =
          IntStream.range(0, CONSTANTS.length)
              .filter(i -> CONSTANTS[i] == constant)
              .findFirst()
              .orElseThrow();
      held = register(CONSTANTS_FROM + index);
    } else {
      a.vbroadcastss(held, memory(constant));
    }
    for (int i = 0; i < count; i++) {
      step.accept(i, held);
    }
  }

  private Mem memory(float constant) {
    return a.constant(Float.floatToRawIntBits(constant));
  }

  private Vec power(int i) {
    return register(width + i);
  }

  private Vec polynomial(int i) {
    return register(2 * width + i);
  }

  private Vec mask(int i) {
    return register(3 * width + i);
  }

  private List<Vec> registers(int from, int count) {
    return IntStream.range(from, from + count).mapToObj(this::register).toList();
  }

  private Vec register(int index) {
    return new Vec(index, bits, 0, false);
  }
}
