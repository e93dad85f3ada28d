package dev.educe.optimize.prune;

import dev.educe.format.Gguf;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluation;
import dev.educe.optimize.evaluate.Evaluator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// Takes out of a model what matters least on a text, and writes what is left.
public final class Pruner {
  // A mix that narrows networks below this share of their width is not tried.
  private static final double WIDTH_SHARE_MIN = 0.25;

  private final Gguf file;
  private final Path target;
  private final PruneOptions options;
  private final Sample sample;
  private final ReadingOptions reading;
  private final Consumer<String> progress;
  private final int layers;

  private Pruner(
      Gguf file,
      Path target,
      PruneOptions options,
      Sample sample,
      ReadingOptions reading,
      Consumer<String> progress)
      throws IOException {
    this.file = file;
    this.target = target;
    this.options = options;
    this.sample = sample;
    this.reading = reading;
    this.progress = progress;
    String architecture = file.metadata().string("general.architecture");
    this.layers = (int) file.metadata().integer(architecture + ".block_count");
  }

  /// Prunes a model.
  ///
  /// @param target the file to write; whole when it is there
  /// @param sample what importance and quality are measured on
  /// @param progress is told what was decided, in words
  /// @throws IllegalArgumentException if nothing would be left, the target is the model itself, or
  ///   the text is too short
  /// @throws dev.educe.format.UnsupportedModelException if the model is of a kind that is not run
  ///   or cut
  /// @throws IOException if reading or writing fails
  public static Pruned prune(
      Path model,
      Path target,
      PruneOptions options,
      Sample sample,
      ReadingOptions reading,
      Consumer<String> progress)
      throws IOException {
    if (Files.exists(target) && Files.isSameFile(model, target)) {
      throw new IllegalArgumentException(
          model + " cannot be pruned onto itself; give another file to write");
    }
    try (var file = Gguf.open(model)) {
      return new Pruner(file, target, options, sample, reading, progress).run();
    }
  }

  private Pruned run() throws IOException {
    try (var whole = MeasuredModel.load(file.path(), reading)) {
      Evaluation before = evaluate(whole);
      Cut cut = chosen(whole);
      CutFile.write(file, cut, target);
      try (var rest = MeasuredModel.load(target, reading)) {
        return report(before, evaluate(rest), cut);
      }
    }
  }

  private Cut chosen(MeasuredModel whole) throws IOException {
    var ranking = new LayerRanking(whole, reading, sample, progress);
    Cut cut = Cut.none(layers);
    if (options.parameters().isPresent()) {
      cut = mixed(whole, ranking, options.parameters().get().value());
    } else {
      cut = ranking.drop(cut, layersToDrop());
      if (options.units().isPresent()) {
        int width = UnitRanking.width(file, cut);
        cut = narrowed(cut, widthNear(width, width - options.units().get().of(width)));
      }
    }
    if (options.tokenCountMin() > 0) {
      cut = cut.withTokens(TokenUse.kept(file.metadata(), sample.text(), options.tokenCountMin()));
    }
    return cut.withZeroShare(options.magnitude().map(Amount::value).orElse(0.0));
  }

  private Pruned report(Evaluation before, Evaluation after, Cut cut) throws IOException {
    int tokens = file.metadata().findStrings("tokenizer.ggml.tokens").map(List::size).orElse(0);
    var dropped = new ArrayList<>(IntStream.range(0, layers).boxed().toList());
    dropped.removeAll(cut.layers());
    return new Pruned(
        before,
        after,
        dropped,
        cut.unitsBefore(),
        cut.unitsBefore() == 0 ? 0 : cut.units().get(cut.layers().getFirst())[0].length,
        tokens,
        cut.tokens().map(kept -> kept.length).orElse(tokens),
        CutFile.isQuantized(file));
  }

  private Evaluation evaluate(MeasuredModel model) throws IOException {
    var chunks = Chunks.of(model.tokenizer(), sample, reading.contextTokens(), 1);
    return Evaluator.evaluate(model, chunks, (_, _, _) -> {});
  }

  // ---- layers

  private int layersToDrop() {
    int drops = options.layers().map(amount -> amount.of(layers)).orElse(0);
    if (drops >= layers) {
      throw new IllegalArgumentException(
          "the model has %d layers; at least one must be left".formatted(layers));
    }
    return drops;
  }

  // ---- feed-forward units

  /// The width to narrow to: a whole number of blocks, as near as can be, and less than it was.
  private int widthNear(int width, int wanted) {
    int step = UnitRanking.step(width);
    int near = Math.min(Math.round((float) wanted / step) * step, width - step);
    if (near < 1) {
      throw new IllegalArgumentException(
          "networks of %d units cannot be narrowed to %d: rows must hold whole blocks of %d"
              .formatted(width, wanted, step));
    }
    return near;
  }

  private Cut narrowed(Cut cut, int width) throws IOException {
    var moments = UnitMoments.measure(file.path(), reading, cut.description(), sample);
    progress.accept("feed-forward networks keep %,d units".formatted(width));
    return new UnitRanking(file, moments).narrow(cut, width);
  }

  // ---- the mix

  /// Tries every number of layers that leaves something to do for narrower networks, or nothing,
  /// and takes the mix that diverges least.
  private Cut mixed(MeasuredModel whole, LayerRanking ranking, double share) throws IOException {
    Cut cut = Cut.none(layers);
    long wanted = (long) (parameters(cut) * (1 - share));
    Optional<Cut> best = Optional.empty();
    double least = Double.POSITIVE_INFINITY;
    for (boolean goesOn = true; goesOn; ) {
      OptionalInt width = widthFor(cut, wanted);
      if (width.isPresent()) {
        Cut mix = width.getAsInt() == 0 ? cut : narrowed(cut, width.getAsInt());
        double divergence = divergence(whole, mix);
        progress.accept(
            "%d of %d layers: divergence %.4f".formatted(cut.layers().size(), layers, divergence));
        if (divergence < least) {
          least = divergence;
          best = Optional.of(mix);
        }
      }
      boolean isReached = width.isPresent() && width.getAsInt() == 0;
      goesOn = !isReached && cut.layers().size() > 1;
      if (goesOn) {
        cut = ranking.drop(cut, 1);
      }
    }
    return best.orElseThrow(() ->
        new IllegalArgumentException(
            "no mix of layers and feed-forward units leaves %,d parameters".formatted(wanted)));
  }

  /// The width of networks at which no more than `wanted` parameters are left: 0 for that which
  /// they have; nothing if it would be too narrow.
  private OptionalInt widthFor(Cut cut, long wanted) {
    long excess = parameters(cut) - wanted;
    if (excess <= 0) {
      return OptionalInt.of(0);
    }
    int width = UnitRanking.width(file, cut);
    int step = UnitRanking.step(width);
    long perUnit =
        cut.layers().stream()
            .mapToLong(layer -> 3 * UnitRanking.down(file, layer).orElseThrow().shape().rows())
            .sum();
    long left = width - Math.ceilDiv(Math.ceilDiv(excess, perUnit), step) * step;
    return left >= Math.max(step, width * WIDTH_SHARE_MIN)
        ? OptionalInt.of((int) left)
        : OptionalInt.empty();
  }

  private long parameters(Cut cut) {
    return file.tensors().stream()
        .filter(entry -> CutFile.isKept(entry, cut))
        .mapToLong(entry -> entry.shape().elements())
        .sum();
  }

  private double divergence(MeasuredModel whole, Cut cut) throws IOException {
    Path candidate = Files.createTempFile(target.toAbsolutePath().getParent(), ".", ".candidate");
    try {
      CutFile.write(file, cut, candidate);
      try (var rest = MeasuredModel.load(candidate, reading)) {
        return LayerRanking.divergence(whole, rest, sample);
      }
    } finally {
      Files.deleteIfExists(candidate);
    }
  }
}
