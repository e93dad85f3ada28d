package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.R10;
import static dev.educe.kernels.codegen.Gpr.R8;
import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Mem.mem;

import dev.educe.kernels.Exponential;

/// Writes the kernels for rows of floats, one per emitter.
///
/// Elements that fill no vector are loaded, computed and stored one by one, each in the lowest lane
/// of a vector.
final class RowEmitter {
  private static final Gpr INDEX = R10; // the element reached
  private static final Gpr NEXT = RAX;
  private static final int VIRTUAL_LANES = 16;
  private static final int SIGN = Integer.MIN_VALUE;
  private static final int LESS = 1; // of vcmpps; false for NaN
  // Registers behind those of the exponential.
  private static final int GATE = 13;
  private static final int SPARE = 14;

  private final Assembler a = new Assembler();
  private final int bits;
  private final int lanes;

  RowEmitter(Tier tier) {
    this.bits = tier.bits();
    this.lanes = bits / Float.SIZE;
  }

  /// What is done to some vectors of elements from [#INDEX] on.
  private interface Step {
    /// @param vectors how many
    /// @param isSingle whether it is one element only
    void emit(int vectors, boolean isSingle);
  }

  /// `y[i] = gate[i] / (1 + exp(−gate[i])) · up[i]`.
  ///
  ///     void kernel(gate, up, y, n)
  static Assembler siluGate(Tier tier) {
    RowEmitter emitter = new RowEmitter(tier);
    ExponentialEmitter exponential = new ExponentialEmitter(emitter.a, tier);
    exponential.load();
    Silu silu = emitter.new Silu(exponential);
    return emitter.finish(RCX, exponential.width(), silu::emit);
  }

  private final class Silu {
    private final ExponentialEmitter exponential;
    private final Vec sign;
    private final Vec one;
    private final Vec infinity;
    private final Vec least; // below it the exponential is infinite

    Silu(ExponentialEmitter exponential) {
      this.exponential = exponential;
      int first = bits == 512 ? 27 : exponential.free();
      sign = constant(first, SIGN);
      one = constant(first + 1, Float.floatToRawIntBits(1f));
      infinity = constant(first + 2, Float.floatToRawIntBits(Float.POSITIVE_INFINITY));
      least = constant(first + 3, Float.floatToRawIntBits(-Exponential.EXP_MAX));
    }

    void emit(int vectors, boolean isSingle) {
      Vec gate = register(GATE);
      for (int i = 0; i < vectors; i++) {
        load(exponential.x(i), element(RDI, i), isSingle);
        a.vxorps(exponential.x(i), exponential.x(i), sign);
      }
      exponential.emitUpToMax(vectors);
      for (int i = 0; i < vectors; i++) {
        Vec e = exponential.x(i);
        load(gate, element(RDI, i), isSingle);
        raiseToInfinity(e, gate);
        a.vaddps(e, e, one);
        a.vdivps(e, gate, e);
        load(gate, element(RSI, i), isSingle);
        a.vmulps(e, e, gate);
        store(element(RDX, i), e, isSingle);
      }
    }

    /// NaN makes the quotient NaN, whatever its exponential is.
    private void raiseToInfinity(Vec e, Vec gate) {
      if (bits == 512) {
        a.vcmppsMask(1, gate, least, LESS);
        a.vmovups(e.masked(1), infinity);
      } else {
        // A maximum with NaN is its second operand.
        Vec high = register(SPARE);
        a.vcmpps(high, gate, least, LESS);
        a.vpand(high, high, infinity);
        a.vmaxps(e, e, high);
      }
    }
  }

  /// `y[i] = y[i] + x[i]`.
  ///
  ///     void kernel(x, y, n)
  static Assembler add(Tier tier) {
    RowEmitter emitter = new RowEmitter(tier);
    return emitter.finish(RDX, 1, emitter::emitAdd);
  }

  private void emitAdd(int vectors, boolean isSingle) {
    load(register(0), element(RSI, 0), isSingle);
    load(register(1), element(RDI, 0), isSingle);
    a.vaddps(register(0), register(0), register(1));
    store(element(RSI, 0), register(0), isSingle);
  }

  /// `y[i] = fma(factor, x[i], y[i])`.
  ///
  ///     void kernel(x, y, n, bits of the factor)
  static Assembler addScaled(Tier tier) {
    RowEmitter emitter = new RowEmitter(tier);
    emitter.broadcast(emitter.register(2), RCX);
    return emitter.finish(RDX, 1, emitter::emitAddScaled);
  }

  private void emitAddScaled(int vectors, boolean isSingle) {
    load(register(0), element(RSI, 0), isSingle);
    load(register(1), element(RDI, 0), isSingle);
    a.vfmadd231ps(register(0), register(1), register(2));
    store(element(RSI, 0), register(0), isSingle);
  }

  /// `x0[i] = fma(x0[i], c[i], −(x1[i] · s[i]))` and `x1[i] = fma(x0[i], s[i], x1[i] · c[i])`.
  ///
  ///     void kernel(x0, x1, c, s, n)
  static Assembler rotate(Tier tier) {
    RowEmitter emitter = new RowEmitter(tier);
    emitter.constant(6, SIGN);
    return emitter.finish(R8, 1, emitter::emitRotate);
  }

  private void emitRotate(int vectors, boolean isSingle) {
    Vec x0 = register(0);
    Vec x1 = register(1);
    Vec c = register(2);
    Vec s = register(3);
    Vec first = register(4);
    load(x0, element(RDI, 0), isSingle);
    load(x1, element(RSI, 0), isSingle);
    load(c, element(RDX, 0), isSingle);
    load(s, element(RCX, 0), isSingle);
    a.vmulps(first, x1, s);
    a.vxorps(first, first, register(6));
    a.vfmadd231ps(first, x0, c);
    a.vmulps(x1, x1, c);
    a.vfmadd231ps(x1, x0, s);
    store(element(RDI, 0), first, isSingle);
    store(element(RSI, 0), x1, isSingle);
  }

  /// `y[i] = x[i] · (1 / sqrt(Σx²/n + epsilon)) · weight[i]`, for multiples of 16 elements, and at
  /// least 16.
  ///
  ///     void kernel(x, weight, y, n, bits of the float n, bits of epsilon)
  static Assembler rmsNorm(Tier tier) {
    RowEmitter emitter = new RowEmitter(tier);
    emitter.emitFactor();
    return emitter.finish(RCX, 1, emitter::emitScaled);
  }

  private void emitFactor() {
    int vectors = VIRTUAL_LANES / lanes;
    Vec factor = register(2);
    for (int i = 0; i < vectors; i++) {
      a.vpxor(register(2 + i), register(2 + i), register(2 + i));
    }
    a.xor(INDEX, INDEX);
    Label again = a.here();
    for (int i = 0; i < vectors; i++) {
      a.vmovups(register(i), element(RDI, i));
      a.vfmadd231ps(register(2 + i), register(i), register(i));
    }
    a.add(INDEX, VIRTUAL_LANES);
    a.cmp(INDEX, RCX);
    a.jump(Condition.BELOW, again);
    if (vectors == 2) {
      a.vaddps(factor, factor, register(3));
    }
    LaneTree.emit(a, factor, register(3), a::vaddps);
    Vec number = Vec.xmm(0);
    Vec sum = factor.as(128);
    broadcast(number, R8);
    a.vdivps(sum, sum, number);
    broadcast(number, Gpr.R9);
    a.vaddps(sum, sum, number);
    a.vsqrtps(sum, sum);
    a.vbroadcastss(number, a.constant(Float.floatToRawIntBits(1f)));
    a.vdivps(sum, number, sum);
    a.vbroadcastss(factor, sum);
  }

  private void emitScaled(int vectors, boolean isSingle) {
    load(register(0), element(RDI, 0), isSingle);
    load(register(1), element(RSI, 0), isSingle);
    a.vmulps(register(0), register(0), register(2));
    a.vmulps(register(0), register(0), register(1));
    store(element(RDX, 0), register(0), isSingle);
  }

  /// Does a step for all elements: some vectors at once, then single ones, then single elements.
  private Assembler finish(Gpr n, int vectors, Step step) {
    a.xor(INDEX, INDEX);
    if (vectors > 1) {
      emitLoop(n, vectors * lanes, () -> step.emit(vectors, false));
    }
    emitLoop(n, lanes, () -> step.emit(1, false));
    emitLoop(n, 1, () -> step.emit(1, true));
    a.vzeroupper();
    a.ret();
    return a;
  }

  private void emitLoop(Gpr n, int elements, Runnable step) {
    Label done = new Label();
    Label again = a.here();
    a.lea(NEXT, mem(INDEX, elements));
    a.cmp(NEXT, n);
    a.jump(Condition.ABOVE, done);
    step.run();
    a.mov(INDEX, NEXT);
    a.jmp(again);
    a.bind(done);
  }

  private Mem element(Gpr row, int vector) {
    return mem(row, vector * bits / Byte.SIZE).index(INDEX, Float.BYTES);
  }

  private void load(Vec d, Mem elements, boolean isSingle) {
    if (isSingle) {
      a.vmovd(d.as(128), elements);
    } else {
      a.vmovups(d, elements);
    }
  }

  private void store(Mem elements, Vec x, boolean isSingle) {
    if (isSingle) {
      a.vmovd(elements, x.as(128));
    } else {
      a.vmovups(elements, x);
    }
  }

  private void broadcast(Vec d, Gpr bitsOfNumber) {
    a.vmovd(d.as(128), bitsOfNumber);
    a.vbroadcastss(d, d.as(128));
  }

  private Vec constant(int index, int value) {
    a.vbroadcastss(register(index), a.constant(value));
    return register(index);
  }

  private Vec register(int index) {
    return new Vec(index, bits, 0, false);
  }
}
