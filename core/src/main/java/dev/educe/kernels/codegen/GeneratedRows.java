package dev.educe.kernels.codegen;

import dev.educe.kernels.RowKernels;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;

/// Operations on rows by generated code, which is fast from the first call on: the Vector API is
/// not before it is compiled.
///
/// A kernel is written when it is first needed, and kept. Calls are critical (see [CriticalCalls]),
/// but a row takes some microseconds.
///
/// Thread-safe. Lives as long as the process, or until [#close] when no thread computes any more.
public final class GeneratedRows implements RowKernels, AutoCloseable {
  private static final int VIRTUAL_LANES = 16;

  private static final MethodHandle CALL = call();

  private final Tier tier;
  private final RowKernels others;
  private final CodeArena code = new CodeArena();
  private final AtomicReferenceArray<MemorySegment> kernels =
      new AtomicReferenceArray<>(Kernel.values().length);

  /// What there is code for.
  private enum Kernel {
    RMS_NORM(RowEmitter::rmsNorm),
    ROTATE(RowEmitter::rotate),
    SILU_GATE(RowEmitter::siluGate),
    ADD(RowEmitter::add),
    ADD_SCALED(RowEmitter::addScaled);

    private final Function<Tier, Assembler> emitter;

    Kernel(Function<Tier, Assembler> emitter) {
      this.emitter = emitter;
    }
  }

  /// @param tier one that this machine has
  /// @param others what does all else, and all that is not in native memory or too long for a
  ///   critical call; also norms of rows whose size is not a multiple of 16
  public GeneratedRows(Tier tier, RowKernels others) {
    this.tier = tier;
    this.others = others;
  }

  @Override
  public void rmsNorm(
      MemorySegment x,
      long xOffset,
      MemorySegment weight,
      float epsilon,
      MemorySegment y,
      long yOffset,
      int n) {
    boolean fits = n > 0 && n % VIRTUAL_LANES == 0 && n <= CriticalCalls.ELEMENTS_MAX;
    if (!fits || !x.isNative() || !weight.isNative() || !y.isNative()) {
      others.rmsNorm(x, xOffset, weight, epsilon, y, yOffset, n);
      return;
    }
    run(
        kernel(Kernel.RMS_NORM),
        address(x, xOffset, n),
        address(weight, 0, n),
        address(y, yOffset, n),
        n,
        Float.floatToRawIntBits(n),
        Float.floatToRawIntBits(epsilon));
  }

  @Override
  public void rotate(
      MemorySegment x,
      long xOffset,
      MemorySegment cosines,
      MemorySegment sines,
      long tableOffset,
      int half) {
    boolean fits = half <= CriticalCalls.ELEMENTS_MAX;
    if (!fits || !x.isNative() || !cosines.isNative() || !sines.isNative()) {
      others.rotate(x, xOffset, cosines, sines, tableOffset, half);
      return;
    }
    run(
        kernel(Kernel.ROTATE),
        address(x, xOffset, half),
        address(x, xOffset + half, half),
        address(cosines, tableOffset, half),
        address(sines, tableOffset, half),
        half,
        0);
  }

  @Override
  public void siluGate(
      MemorySegment gate,
      long gateOffset,
      MemorySegment up,
      long upOffset,
      MemorySegment y,
      long yOffset,
      int n) {
    boolean fits = n <= CriticalCalls.ELEMENTS_MAX;
    if (!fits || !gate.isNative() || !up.isNative() || !y.isNative()) {
      others.siluGate(gate, gateOffset, up, upOffset, y, yOffset, n);
      return;
    }
    run(
        kernel(Kernel.SILU_GATE),
        address(gate, gateOffset, n),
        address(up, upOffset, n),
        address(y, yOffset, n),
        n,
        0,
        0);
  }

  @Override
  public void add(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    if (n > CriticalCalls.ELEMENTS_MAX || !x.isNative() || !y.isNative()) {
      others.add(x, xOffset, y, yOffset, n);
      return;
    }
    run(kernel(Kernel.ADD), address(x, xOffset, n), address(y, yOffset, n), n, 0, 0, 0);
  }

  @Override
  public void addScaled(
      float factor, MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    if (n > CriticalCalls.ELEMENTS_MAX || !x.isNative() || !y.isNative()) {
      others.addScaled(factor, x, xOffset, y, yOffset, n);
      return;
    }
    run(
        kernel(Kernel.ADD_SCALED),
        address(x, xOffset, n),
        address(y, yOffset, n),
        n,
        Float.floatToRawIntBits(factor),
        0,
        0);
  }

  @Override
  public void scale(float factor, MemorySegment x, long xOffset, int n) {
    others.scale(factor, x, xOffset, n);
  }

  @Override
  public void softmax(MemorySegment x, long xOffset, MemorySegment y, long yOffset, int n) {
    others.softmax(x, xOffset, y, yOffset, n);
  }

  @Override
  public int argmax(MemorySegment x, long xOffset, int n) {
    return others.argmax(x, xOffset, n);
  }

  /// Where a range of floats begins, which lies in its segment.
  private static long address(MemorySegment floats, long offset, int n) {
    Objects.checkFromIndexSize(offset, n, floats.byteSize() / Float.BYTES);
    return floats.address() + offset * Float.BYTES;
  }

  /// Calls a kernel; see [RowEmitter] and [QuantizeEmitter] for the arguments.
  static long run(MemorySegment kernel, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(kernel, a, b, c, d, e, f);
    } catch (Throwable thrown) {
      throw new AssertionError("generated code throws nothing", thrown);
    }
  }

  private MemorySegment kernel(Kernel wanted) {
    MemorySegment kernel = kernels.getAcquire(wanted.ordinal());
    return kernel != null ? kernel : generate(wanted);
  }

  private synchronized MemorySegment generate(Kernel wanted) {
    MemorySegment known = kernels.getAcquire(wanted.ordinal());
    if (known != null) {
      return known;
    }
    String name = "row-%s-%s".formatted(wanted, tier.label()).toLowerCase(Locale.ROOT);
    MemorySegment kernel = code.add(name, wanted.emitter.apply(tier));
    kernels.setRelease(wanted.ordinal(), kernel);
    return kernel;
  }

  /// Returns the pages of all kernels.
  @Override
  public void close() {
    code.close();
  }

  @SuppressWarnings("restricted")
  private static MethodHandle call() {
    FunctionDescriptor type =
        FunctionDescriptor.of(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);
    return Linker.nativeLinker().downcallHandle(type, Linker.Option.critical(false));
  }
}
