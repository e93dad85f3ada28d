package dev.educe.kernels.codegen;

import dev.educe.kernels.RowKernels;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import java.util.Random;

/// An operation on a row.
record RowsStress(
    Operation operation,
    int n,
    MemorySegment x,
    MemorySegment table,
    MemorySegment before,
    MemorySegment expected,
    MemorySegment actual)
    implements StressCase {
  private enum Operation {
    RMS_NORM,
    ROTATE,
    SILU_GATE,
    ADD,
    ADD_SCALED;

    void run(RowKernels k, MemorySegment x, MemorySegment table, MemorySegment y, int n) {
      switch (this) {
        case RMS_NORM -> k.rmsNorm(x, 0, table, 1e-5f, y, 0, n);
        case ROTATE -> k.rotate(y, 0, x, table, 0, n / 2);
        case SILU_GATE -> k.siluGate(x, 0, table, 0, y, 0, n);
        case ADD -> k.add(x, 0, y, 0, n);
        case ADD_SCALED -> k.addScaled(-0.3f, x, 0, y, 0, n);
      }
    }
  }

  static StressCase random(Random random, GuardedPages pages, Region region) {
    Operation operation = StressCase.pick(random, Operation.values());
    // There is no code for norms of other sizes.
    int n =
        operation == Operation.RMS_NORM ? 16 * random.nextInt(1, 300) : 1 + random.nextInt(5000);
    MemorySegment x = floats(pages, n, random);
    MemorySegment table = floats(pages, n, random);
    MemorySegment before = floats(pages, n, random);
    MemorySegment expected = pages.allocate(4L * n, true).copyFrom(before);
    operation.run(StressKernels.SCALAR.rows(), x, table, expected, n);
    MemorySegment actual = pages.allocate(4L * n, true);
    return new RowsStress(operation, n, x, table, before, expected, actual);
  }

  private static MemorySegment floats(GuardedPages pages, int n, Random random) {
    MemorySegment floats = pages.allocate(4L * n, true);
    RandomOperands.floats(floats, random);
    return floats;
  }

  @Override
  public String kernel() {
    return "rows " + operation.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  @Override
  public int repeats() {
    return 400;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    actual.copyFrom(before);
    operation.run(kernels.rows(), x, table, actual, n);
    StressCase.requireSame(expected, actual, "row");
  }

  @Override
  public String toString() {
    return "[%d]".formatted(n);
  }
}
