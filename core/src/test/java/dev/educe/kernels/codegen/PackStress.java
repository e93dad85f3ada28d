package dev.educe.kernels.codegen;

import dev.educe.kernels.PanelPacker;
import dev.educe.kernels.Panels;
import dev.educe.platform.Region;
import dev.educe.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// Rows of a checkpoint, and the panels they become.
record PackStress(MemorySegment raw, Panels expected, Panels actual) implements StressCase {
  static StressCase random(Random random, GuardedPages pages, Region region) {
    DType type = StressCase.format(random);
    int size = type.blockSize() * (1 + random.nextInt(1 + 1024 / type.blockSize()));
    int rows = 1 + random.nextInt(100);
    byte[] content = new byte[Math.toIntExact(rows * type.rowBytes(size))];
    random.nextBytes(content);
    MemorySegment raw = pages.allocate(content.length, true);
    raw.copyFrom(MemorySegment.ofArray(content));
    var expected = new Panels(region, type, rows, size);
    PanelPacker.pack(raw, expected, 0, rows);
    return new PackStress(raw, expected, new Panels(region, type, rows, size));
  }

  @Override
  public String kernel() {
    return "pack " + expected.type();
  }

  @Override
  public int repeats() {
    return PackEmitter.supports(expected.type()) ? 400 : 1;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    actual.memory().fill((byte) 0);
    kernels.matrix().pack(raw, actual, 0, actual.rows());
    StressCase.requireSameBytes(expected.memory(), actual.memory(), "panels");
  }

  @Override
  public String toString() {
    return "[%d, %d]".formatted(expected.rows(), expected.size());
  }
}
