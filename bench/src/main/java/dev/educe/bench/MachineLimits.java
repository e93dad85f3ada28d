package dev.educe.bench;

import dev.educe.kernels.codegen.ArithmeticPeak;
import dev.educe.kernels.codegen.Tier;
import dev.educe.platform.Workers;
import java.util.Optional;
import java.util.OptionalDouble;

/// What the machine gives at a moment: bytes read and multiply-adds done a second, by all threads.
///
/// @param bytesRate of plain reads of as much memory as a step of decoding reads
/// @param multiplyRate of 8-bit multiply-adds; empty where no code can be generated
record MachineLimits(double bytesRate, OptionalDouble multiplyRate) {
  private static final int READ_PASSES = 9;

  // Each about a millisecond.
  private static final int PEAK_RUNS = 100;

  /// Takes about half a second and so much memory for that time.
  static MachineLimits measure(long bytes, int threads) {
    double[] rates = new double[READ_PASSES];
    try (var reads = new PlainReads(bytes, threads)) {
      for (int pass = 0; pass < READ_PASSES; pass++) {
        rates[pass] = reads.rate();
      }
    }
    return new MachineLimits(Series.of(rates).median(), multiplyRate(threads));
  }

  private static OptionalDouble multiplyRate(int threads) {
    Optional<Tier> tier = Tier.best().tier();
    if (tier.isEmpty()) {
      return OptionalDouble.empty();
    }
    try (var peak = new ArithmeticPeak(tier.get());
        var workers = new Workers(threads)) {
      workers.run(threads, (_, _) -> peak.run());
      long each = peak.run();
      int runs = PEAK_RUNS * threads;
      long start = System.nanoTime();
      workers.run(runs, (_, _) -> peak.run());
      return OptionalDouble.of(each * (double) runs * 1e9 / (System.nanoTime() - start));
    }
  }
}
