package dev.educe.kernels.codegen;

import dev.educe.kernels.PanelLayout;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Random;

/// Operands for a kernel between protected pages, and what the scalar kernels made of them: so that
/// a comparison costs little more than the generated code under test.
///
/// What its text says of the operands goes into messages. Belongs to one thread.
interface StressCase extends AutoCloseable {
  /// What is counted: `matrix Q4_0`.
  String kernel();

  /// How often it is worth checking.
  int repeats();

  /// Runs the kernel, on a part of the operands if there are parts.
  ///
  /// @throws AssertionError if a bit is not the scalar kernels', or something else was written
  void check(StressKernels kernels, Random random);

  @Override
  default void close() throws IOException {}

  /// Makes a case.
  enum Kind {
    MATRIX(MatrixStress::random),
    ATTENTION(AttentionStress::random),
    ROWS(RowsStress::random),
    PACK(PackStress::random),
    QUANTIZE(QuantizeStress::random),
    STORE(StoreStress::random),
    MERGE(MergeStress::random),
    MODEL((random, _, _) -> ModelStress.random(random));

    private final Maker maker;

    Kind(Maker maker) {
      this.maker = maker;
    }

    /// @param pages for operands that kernels are given as segments
    /// @param region for those that own their memory
    StressCase make(Random random, GuardedPages pages, Region region) throws IOException {
      return maker.make(random, pages, region);
    }
  }

  interface Maker {
    StressCase make(Random random, GuardedPages pages, Region region) throws IOException;
  }

  /// Compares floats; any NaN equals any other.
  ///
  /// @param what they are
  static void requireSame(MemorySegment expected, MemorySegment actual, String what) {
    long at = expected.mismatch(actual);
    if (at < 0) {
      return;
    }
    for (long i = at / 4; i < expected.byteSize() / 4; i++) {
      float one = expected.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      float other = actual.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      if (Float.floatToIntBits(one) != Float.floatToIntBits(other)) {
        throw new AssertionError(
            "%s: float %d should be %s, got %s".formatted(what, i, one, other));
      }
    }
  }

  /// Compares bytes.
  static void requireSameBytes(MemorySegment expected, MemorySegment actual, String what) {
    long at = expected.mismatch(actual);
    if (at >= 0) {
      throw new AssertionError("%s: byte %d of %d differs".formatted(what, at, actual.byteSize()));
    }
  }

  /// Any format that there are kernels for.
  static DType format(Random random) {
    var formats = new ArrayList<DType>();
    PanelLayout.supported().forEach(formats::add);
    return formats.get(random.nextInt(formats.size()));
  }

  static <T> T pick(Random random, T[] from) {
    return from[random.nextInt(from.length)];
  }
}
