package dev.educe.kernels.codegen;

import dev.educe.kernels.KvType;
import dev.educe.platform.Region;
import java.lang.foreign.MemorySegment;
import java.util.Random;

/// One call of attention, now and then with something that is not finite.
record AttentionStress(KvType type, AttentionRun run, MemorySegment expected, MemorySegment actual)
    implements StressCase {
  static StressCase random(Random random, GuardedPages pages, Region region) {
    KvType type = StressCase.pick(random, KvType.values());
    int headSize = 8 * (1 + random.nextInt(random.nextInt(4) == 0 ? 32 : 8));
    int group = 1 + random.nextInt(9);
    int tokens = 1 + random.nextInt(1 + 40 / group);
    int position = random.nextInt(random.nextInt(8) == 0 ? 1500 : 200);
    int window = random.nextInt(3) > 0 ? Integer.MAX_VALUE : 1 + random.nextInt(150);
    int span = random.nextInt(1 + (position + tokens - 1) / 1024);
    var run =
        AttentionRun.in(
            pages,
            random,
            type,
            headSize,
            16 << random.nextInt(3),
            group,
            tokens,
            position,
            window,
            span);
    if (random.nextInt(8) == 0) {
      run.poison(random, 1);
    }
    MemorySegment expected = region.allocate(run.partialBytes());
    run.run(StressKernels.SCALAR.attention(), expected);
    return new AttentionStress(type, run, expected, pages.allocate(run.partialBytes(), true));
  }

  @Override
  public String kernel() {
    return "attention " + type;
  }

  @Override
  public int repeats() {
    return 200;
  }

  @Override
  public void check(StressKernels kernels, Random random) {
    run.run(kernels.attention(), actual);
    StressCase.requireSame(expected, actual, "results");
  }

  @Override
  public String toString() {
    return run.toString();
  }
}
