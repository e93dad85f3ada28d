package dev.educe.optimize.prune;

import dev.educe.model.Decoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/// What is kept of a model.
///
/// @param layers which layers, ascending
/// @param units of each of those layers, for each of its experts, which feed-forward units,
///   ascending; empty where all are kept
/// @param unitsBefore how many units there were; 0 where all are kept
/// @param refitted of layers whose units are not all kept, the matrix back to the hidden state,
///   `[hiddenSize, kept]`, where it was fitted to the units that are left
/// @param tokens which tokens, ascending; empty where all are kept
/// @param zeroShare share of each matrix's weights that become zero
record Cut(
    List<Integer> layers,
    Map<Integer, int[][]> units,
    int unitsBefore,
    Map<Integer, float[]> refitted,
    Optional<int[]> tokens,
    double zeroShare) {
  Cut {
    layers = List.copyOf(layers);
    units = Map.copyOf(units);
    refitted = Map.copyOf(refitted);
  }

  /// Everything is kept.
  static Cut none(int layers) {
    return new Cut(
        IntStream.range(0, layers).boxed().toList(), Map.of(), 0, Map.of(), Optional.empty(), 0);
  }

  Cut withLayers(List<Integer> layers) {
    return new Cut(layers, units, unitsBefore, refitted, tokens, zeroShare);
  }

  Cut withUnits(Map<Integer, int[][]> units, int unitsBefore, Map<Integer, float[]> refitted) {
    return new Cut(layers, units, unitsBefore, refitted, tokens, zeroShare);
  }

  Cut withTokens(int[] tokens) {
    return new Cut(layers, units, unitsBefore, refitted, Optional.of(tokens), zeroShare);
  }

  Cut withZeroShare(double zeroShare) {
    return new Cut(layers, units, unitsBefore, refitted, tokens, zeroShare);
  }

  /// Takes the layers that are not kept out of a description.
  UnaryOperator<Decoder> description() {
    return decoder ->
        new Decoder(
            decoder.hiddenSize(),
            decoder.contextLength(),
            decoder.vocabularySize(),
            decoder.embedding(),
            layers.stream().map(decoder.layers()::get).toList(),
            decoder.output());
  }
}
