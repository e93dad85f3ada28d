package dev.educe.optimize.prune;

import dev.educe.backend.ProductObserver;
import dev.educe.optimize.Chunks;
import dev.educe.optimize.MeasuredModel;
import dev.educe.optimize.ReadingOptions;
import dev.educe.optimize.Sample;
import dev.educe.optimize.evaluate.Evaluator;
import java.io.IOException;
import java.util.function.Consumer;

/// Drops layers one after the other: each time the one without which the model's predictions
/// diverge least from those of the whole, so that layers that stand in for each other do not go
/// together.
///
/// Weights stay in their file; a layer is left out of the description that is loaded.
final class LayerRanking {
  private final MeasuredModel whole;
  private final ReadingOptions options;
  private final Sample sample;
  private final Consumer<String> progress;

  LayerRanking(
      MeasuredModel whole, ReadingOptions options, Sample sample, Consumer<String> progress) {
    this.whole = whole;
    this.options = options;
    this.sample = sample;
    this.progress = progress;
  }

  /// @param drops how many layers to drop, fewer than there are
  Cut drop(Cut start, int drops) throws IOException {
    Cut cut = start;
    for (int drop = 0; drop < drops; drop++) {
      cut = dropOne(cut);
    }
    return cut;
  }

  private Cut dropOne(Cut cut) throws IOException {
    Cut best = cut;
    double least = Double.POSITIVE_INFINITY;
    int dropped = -1;
    for (int layer : cut.layers()) {
      var without = cut.withLayers(cut.layers().stream().filter(kept -> kept != layer).toList());
      double divergence = divergence(without);
      if (divergence < least || dropped < 0) {
        least = divergence;
        best = without;
        dropped = layer;
      }
    }
    progress.accept("layer %d goes: divergence %.4f without it".formatted(dropped, least));
    return best;
  }

  private double divergence(Cut cut) throws IOException {
    try (var rest =
        MeasuredModel.load(whole.path(), options, cut.description(), ProductObserver.NONE)) {
      return divergence(whole, rest, sample);
    }
  }

  /// The mean divergence of a model's predictions from those of the whole.
  static double divergence(MeasuredModel whole, MeasuredModel rest, Sample sample)
      throws IOException {
    var chunks = Chunks.of(whole.tokenizer(), sample, whole.contextTokens(), 1);
    var both = Evaluator.compare(whole, rest, chunks, (_, _, _) -> {});
    return both.getLast().divergence().orElseThrow().mean();
  }
}
