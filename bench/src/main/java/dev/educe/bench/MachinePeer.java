package dev.educe.bench;

import dev.educe.kernels.codegen.ArithmeticPeak;
import dev.educe.kernels.codegen.Tier;
import dev.educe.platform.Workers;

/// The machine itself as a peer: how fast a prompt could be read if nothing but the multiply-adds
/// of its weights took time, and a token be written if nothing but reading them did.
///
/// Being measured in turn with the others it is as slowed by whatever else runs, so Educe's ratio
/// to it is the share of the machine that Educe makes use of.
final class MachinePeer implements Peer {
  /// As it stands in the table.
  static final String NAME = "machine's limit";

  private static final int READ_PASSES = 15;

  // Each about a millisecond.
  private static final int PEAK_RUNS = 200;

  private final ModelWork work;
  private final Workload load;

  MachinePeer(ModelWork work, Workload load) {
    this.work = work;
    this.load = load;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String version() {
    return "prompt: peak of 8-bit products; decode: plain reads of as many bytes";
  }

  @Override
  public boolean offers(Test test) {
    return test == Test.PROMPT || test == Test.DECODE;
  }

  @Override
  public Sample run(Test test, int threads) throws PeerFailedException {
    double rate =
        switch (test) {
          case PROMPT -> multipliesPerSecond(threads) / work.promptMultiplies();
          case DECODE -> bytesPerSecond(threads) / work.decodeBytes(load.decode());
          case BATCH, START -> throw new IllegalArgumentException("it has no limit for " + test);
        };
    return new Sample(rate, 0);
  }

  private double bytesPerSecond(int threads) {
    double[] rates = new double[READ_PASSES];
    try (var reads = new PlainReads((long) work.decodeBytes(load.decode()), threads)) {
      for (int pass = 0; pass < READ_PASSES; pass++) {
        rates[pass] = reads.rate();
      }
    }
    return Series.of(rates).median();
  }

  private static double multipliesPerSecond(int threads) throws PeerFailedException {
    var choice = Tier.best();
    var tier = choice.tier().orElseThrow(() -> new PeerFailedException(choice.reason()));
    try (var peak = new ArithmeticPeak(tier);
        var workers = new Workers(threads)) {
      long each = peak.run();
      int runs = PEAK_RUNS * threads;
      workers.run(threads, (_, _) -> peak.run());
      long start = System.nanoTime();
      workers.run(runs, (_, _) -> peak.run());
      return each * (double) runs * 1e9 / (System.nanoTime() - start);
    }
  }
}
