package dev.educe.kernels.codegen;

import static dev.educe.kernels.codegen.Gpr.RSI;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The most 8-bit multiply-adds that a thread can do: the tier's best instruction, independent of
/// itself, in a loop. What matrix kernels are measured against.
public final class ArithmeticPeak implements AutoCloseable {
  private static final int CHAINS = 12;
  private static final int UNROLL = 4;
  private static final long ITERATIONS = 60_000;

  private final Tier tier;
  private final CodeArena code = new CodeArena();
  private final MethodHandle loop;

  /// @throws UnsupportedOperationException if no code can be generated here
  public ArithmeticPeak(Tier tier) {
    this.tier = tier;
    this.loop = handle(code.add("peak", emit()));
  }

  /// Runs the loop for about a millisecond on the calling thread; any number of threads may.
  ///
  /// @return how many multiply-adds that were
  public long run() {
    try {
      loop.invokeExact(MemorySegment.NULL, ITERATIONS);
    } catch (Throwable e) {
      throw new AssertionError("generated code throws nothing", e);
    }
    return ITERATIONS * CHAINS * UNROLL * (tier.bits() / 8);
  }

  private Assembler emit() {
    Assembler a = new Assembler();
    for (int i = 0; i < CHAINS + 2; i++) {
      Vec each = vector(i);
      a.vpxor(each, each, each);
    }
    Vec x = vector(CHAINS);
    Vec w = vector(CHAINS + 1);
    Label again = a.here();
    for (int i = 0; i < CHAINS * UNROLL; i++) {
      Vec sum = vector(i % CHAINS);
      switch (tier) {
        case AVX512VNNI -> a.vpdpbusd(sum, w, x);
        case AVXVNNI -> a.vpdpbusdVex(sum, w, x);
        case AVX512, AVX2 -> a.vpmaddubsw(sum, w, x);
      }
    }
    a.dec(RSI);
    a.jump(Condition.NOT_EQUAL, again);
    a.vzeroupper();
    a.ret();
    return a;
  }

  private Vec vector(int register) {
    return new Vec(register, tier.bits(), 0, false);
  }

  @SuppressWarnings("restricted") // it calls what was just generated
  private static MethodHandle handle(MemorySegment function) {
    return Linker.nativeLinker()
        .downcallHandle(
            function,
            FunctionDescriptor.ofVoid(ValueLayout.ADDRESS, ValueLayout.JAVA_LONG),
            Linker.Option.critical(false));
  }

  @Override
  public void close() {
    code.close();
  }
}
