package dev.educe.bench;

import dev.educe.format.Gguf;
import dev.educe.kernels.PanelLayout;
import dev.educe.model.Branch;
import dev.educe.model.Decoder;
import dev.educe.model.Experts;
import dev.educe.model.Weight;
import dev.educe.model.Weights;
import dev.educe.model.arch.Architectures;
import java.io.IOException;
import java.nio.file.Path;

/// What a token costs, by a model's description: what must be read, and what must be multiplied.
///
/// @param tensorBytes of all weights, as the file has them
/// @param panelBytes read for each step that writes one token: all matrices but the embedding, as
///   panels; of experts those that are used
/// @param promptMultiplies multiply-adds of a prompt's token: the same matrices but the output,
///   which sees the last token only; attention is not counted
/// @param kvElements keys and values that a token leaves in the cache
record ModelWork(long tensorBytes, long panelBytes, long promptMultiplies, long kvElements) {
  /// Of keys and values in F16, which all peers use.
  private static final int KV_BYTES = 2;

  /// @throws IOException if the file cannot be read or is no model
  static ModelWork of(Path path) throws IOException {
    try (var file = Gguf.open(path)) {
      Decoder decoder = Architectures.describe(file.metadata());
      var weights =
          Weights.bind(
              path.getFileName().toString(), decoder, file.tensors(), PanelLayout::supports);
      double expertShare = expertShare(decoder);
      double bytes = panelBytes(weights.output());
      double multiplies = 0;
      for (Weight weight : weights.all()) {
        if (weight.spec().equals(decoder.embedding().weight()) || weight == weights.output()) {
          continue;
        }
        double share =
            switch (weight.spec().kind()) {
              case MATRIX -> 1;
              case EXPERTS -> expertShare;
              case ROUTER, VECTOR -> 0;
            };
        if (share > 0) {
          bytes += share * panelBytes(weight);
          multiplies += share * weight.spec().shape().elements();
        }
      }
      return new ModelWork(
          weights.bytes(), (long) bytes, (long) multiplies, decoder.kvElementsPerToken());
    }
  }

  private static double expertShare(Decoder decoder) {
    return decoder.layers().stream()
        .flatMap(layer -> layer.steps().stream())
        .flatMap(step -> step.branches().stream())
        .map(Branch::op)
        .filter(Experts.class::isInstance)
        .map(Experts.class::cast)
        .mapToDouble(experts -> (double) experts.used() / experts.count())
        .findFirst()
        .orElse(1);
  }

  private static long panelBytes(Weight weight) {
    var dimensions = weight.spec().shape().dimensions();
    int count = dimensions.size();
    long matrices = count == 2 ? 1 : dimensions.getFirst();
    long panels = Math.ceilDiv(dimensions.get(count - 2), PanelLayout.ROWS);
    int columns = Math.toIntExact(dimensions.getLast());
    var layout = PanelLayout.find(weight.type()).orElseThrow();
    return matrices * panels * layout.panelBytes(columns);
  }

  /// Bytes of so many tokens in the KV cache.
  long kvBytes(long tokens) {
    return tokens * kvElements * KV_BYTES;
  }

  /// Bytes read for a token, on average over a text of so many from an empty context.
  double decodeBytes(int tokens) {
    return panelBytes + kvBytes(tokens + 1) / 2.0;
  }
}
