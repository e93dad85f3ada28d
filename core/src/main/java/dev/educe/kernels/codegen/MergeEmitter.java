package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.RAX;
import static dev.educe.kernels.codegen.Gpr.RCX;
import static dev.educe.kernels.codegen.Gpr.RDI;
import static dev.educe.kernels.codegen.Gpr.RDX;
import static dev.educe.kernels.codegen.Gpr.RSI;
import static dev.educe.kernels.codegen.Mem.mem;

/// Writes the kernel that merges the partial results of one row, span by span, and divides.
///
///     void kernel(out, partial, spans, spanBytes)
final class MergeEmitter {
  private static final Gpr OUT = RDI;
  private static final Gpr PARTIAL = RSI;
  private static final Gpr SPANS = RDX;
  private static final Gpr SPAN_BYTES = RCX;
  // Shifts the sign out of 32 bits, so that only zeros are zero.
  private static final int SIGN_OUT = 33;

  private final Assembler a = new Assembler();
  private final int headSize;
  private final int bits;
  private final ExponentialEmitter exponential;
  private final Vec m;
  private final Vec l;
  private final Vec spare;

  MergeEmitter(Tier tier, int headSize) {
    this.headSize = headSize;
    this.bits = tier.bits();
    this.exponential = new ExponentialEmitter(a, tier);
    this.m = new Vec(exponential.free(), bits, 0, false);
    this.l = new Vec(exponential.free() + 1, bits, 0, false);
    this.spare = new Vec(exponential.free() + 2, bits, 0, false);
  }

  /// Writes the kernel; there is at least one span.
  Assembler emit() {
    exponential.load();
    a.vbroadcastss(m, a.constant(Float.floatToRawIntBits(Float.NEGATIVE_INFINITY)));
    a.vpxor(l, l, l);
    for (int channel = 0; channel < headSize; channel += lanes(channel)) {
      a.vmovups(mem(OUT, 4 * channel), l.as(32 * lanes(channel)));
    }
    Label again = a.here();
    Label nothingSeen = new Label();
    a.mov32(RAX, mem(PARTIAL, 4 * headSize + 4));
    a.shl(RAX, SIGN_OUT);
    a.jump(Condition.EQUAL, nothingSeen);
    emitSpan();
    a.bind(nothingSeen);
    a.add(PARTIAL, SPAN_BYTES);
    a.dec(SPANS);
    a.jump(Condition.NOT_EQUAL, again);
    for (int channel = 0; channel < headSize; channel += lanes(channel)) {
      Vec o = spare.as(32 * lanes(channel));
      a.vmovups(o, mem(OUT, 4 * channel));
      a.vdivps(o, o, l);
      a.vmovups(mem(OUT, 4 * channel), o);
    }
    a.vzeroupper();
    a.ret();
    return a;
  }

  private void emitSpan() {
    Vec factor = exponential.x(0); // of what was merged before
    Vec spanFactor = exponential.x(1);
    a.vbroadcastss(spanFactor, mem(PARTIAL, 4 * headSize));
    a.vmovups(factor, m);
    a.vmaxps(m, m, spanFactor);
    a.vsubps(factor, factor, m);
    a.vsubps(spanFactor, spanFactor, m);
    exponential.emit(2);
    a.vmulps(l, l, factor);
    a.vbroadcastss(spare, mem(PARTIAL, 4 * headSize + 4));
    a.vfmadd231ps(l, spare, spanFactor);
    for (int channel = 0; channel < headSize; channel += lanes(channel)) {
      int width = 32 * lanes(channel);
      Vec o = spare.as(width);
      a.vmulps(o, factor.as(width), mem(OUT, 4 * channel));
      a.vfmadd231ps(o, spanFactor.as(width), mem(PARTIAL, 4 * channel));
      a.vmovups(mem(OUT, 4 * channel), o);
    }
  }

  /// Channels come in eights, so that the last vector may be half of one.
  private int lanes(int channel) {
    return Math.min(bits / Float.SIZE, headSize - channel);
  }
}
