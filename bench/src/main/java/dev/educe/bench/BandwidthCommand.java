package dev.educe.bench;

import dev.educe.LoadOptions;
import dev.educe.Model;
import dev.educe.platform.Machine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// `./dev bench bandwidth`: how much of the memory's bandwidth single-stream decoding makes use of.
///
/// Decoding and plain reads of as many bytes by as many threads take turns in one process.
final class BandwidthCommand {
  private static final Set<String> VALUED =
      Set.of("--kernels", "--threads", "--rounds", "--tokens");
  private static final int ROUNDS = 15;
  private static final int TOKENS = 16;
  private static final int WARM_UP_ROUNDS = 5;
  private static final double GIGA = 1e9;

  private final Path model;
  private final String kernels;
  private final int threads;
  private final int rounds;
  private final int tokens;

  /// @throws IllegalArgumentException if an option is unknown or its value is wrong
  BandwidthCommand(Path root, List<String> words) {
    var arguments = new Arguments(words, Set.of(), VALUED);
    if (arguments.rest().size() != 1) {
      throw new IllegalArgumentException("name one MODEL");
    }
    this.model = root.resolve(arguments.rest().getFirst());
    this.kernels = arguments.value("--kernels").orElse("");
    this.threads = arguments.number("--threads", Machine.physicalCores());
    this.rounds = arguments.number("--rounds", ROUNDS);
    this.tokens = arguments.number("--tokens", TOKENS);
  }

  void run() throws IOException {
    double bytes = ModelWork.of(model).decodeBytes(tokens);
    var options =
        LoadOptions.defaults().withThreads(threads).withContextLength(tokens).withKernels(kernels);
    double[] decoded = new double[rounds];
    double[] plain = new double[rounds];
    try (var loaded = Model.load(model, options);
        var reads = new PlainReads((long) bytes, threads)) {
      System.out.println(loaded.summary());
      for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
        double rate = loaded.measure(0, 1, tokens).decodeRate();
        double[] passes = new double[tokens];
        for (int pass = 0; pass < tokens; pass++) {
          passes[pass] = reads.rate();
        }
        if (round >= 0) {
          decoded[round] = rate;
          plain[round] = Series.of(passes).median();
        }
      }
    }
    report(bytes, Series.of(decoded), Series.of(plain));
  }

  private void report(double bytes, Series decoded, Series plain) {
    System.out.printf(
        "decode %.1f tokens/s (%.1f to %.1f), %,.0f MB of weights and keys each: %.1f GB/s%n",
        decoded.median(),
        decoded.least(),
        decoded.greatest(),
        bytes / 1e6,
        decoded.median() * bytes / GIGA);
    System.out.printf(
        "plain reads of as much, %d threads: %.1f GB/s (%.1f to %.1f)%n",
        threads, plain.median() / GIGA, plain.least() / GIGA, plain.greatest() / GIGA);
    System.out.printf(
        "decode makes use of %.1f %% of the plain reads (best of either: %.1f %%)%n",
        100 * decoded.median() * bytes / plain.median(),
        100 * decoded.greatest() * bytes / plain.greatest());
  }
}
