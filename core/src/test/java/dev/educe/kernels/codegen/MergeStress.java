package dev.educe.kernels.codegen;

import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// The results of a row's spans, and what they are merged to.
record MergeStress(
    int headSize,
    int spans,
    long stride,
    MemorySegment partial,
    MemorySegment expected,
    MemorySegment actual)
    implements StressCase {
  static StressCase random(Random random, GuardedPages pages, Region region) {
    int headSize = 8 * (1 + random.nextInt(32));
    int spans = 1 + random.nextInt(12);
    var results = PartialResults.random(random, headSize, spans);
    MemorySegment partial = pages.allocate(results.floats().byteSize(), true);
    partial.copyFrom(results.floats());
    MemorySegment expected = region.allocate(4L * headSize);
    StressKernels.SCALAR
        .attention()
        .merge(headSize, spans, partial, 0, results.stride(), expected, 0);
    MemorySegment actual = pages.allocate(4L * headSize, true);
    return new MergeStress(headSize, spans, results.stride(), partial, expected, actual);
  }

  @Override
  public String kernel() {
    return "merge";
  }

  @Override
  public int repeats() {
    return 400;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    kernels.attention().merge(headSize, spans, partial, 0, stride, actual, 0);
    StressCase.requireSame(expected, actual, "channels");
  }

  @Override
  public String toString() {
    return "%d spans of %d channels".formatted(spans, headSize);
  }
}
