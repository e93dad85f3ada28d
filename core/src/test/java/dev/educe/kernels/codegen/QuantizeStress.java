package dev.educe.kernels.codegen;

import dev.educe.kernels.Activations;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;

/// Rows of floats, and the 8-bit blocks they become.
record QuantizeStress(Activations expected, Activations actual) implements StressCase {
  static StressCase random(Random random, GuardedPages pages, Region region) {
    int rows = 1 + random.nextInt(20);
    int size = Activations.BLOCK * (1 + random.nextInt(150));
    var expected = new Activations(region, rows, size);
    float factor = Math.scalb(1f, random.nextInt(-110, 100));
    for (int i = 0; i < rows * size; i++) {
      float value = factor * (float) random.nextGaussian();
      expected.floats().setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
    StressKernels.SCALAR.matrix().quantize(expected, 0, rows);
    var actual = new Activations(region, rows, size);
    actual.floats().copyFrom(expected.floats());
    return new QuantizeStress(expected, actual);
  }

  @Override
  public String kernel() {
    return "quantize";
  }

  @Override
  public int repeats() {
    return 400;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    int from = random.nextInt(actual.rowsMax());
    int to = from + 1 + random.nextInt(actual.rowsMax() - from);
    actual.quantized().fill((byte) 0);
    int failed = kernels.matrix().quantize(actual, from, to);
    if (failed >= 0) {
      throw new AssertionError("row " + failed + " is said not to be finite");
    }
    MemorySegment empty = MemorySegment.ofArray(new byte[(int) actual.rowBytes()]);
    for (int row = 0; row < actual.rowsMax(); row++) {
      boolean isWritten = row >= from && row < to;
      StressCase.requireSameBytes(
          isWritten ? blocks(expected, row) : empty, blocks(actual, row), "row " + row);
    }
  }

  private static MemorySegment blocks(Activations x, int row) {
    return x.quantized().asSlice(row * x.rowBytes(), x.rowBytes());
  }

  @Override
  public String toString() {
    return "[%d, %d]".formatted(actual.rowsMax(), actual.size());
  }
}
