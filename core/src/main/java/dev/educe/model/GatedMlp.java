package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.List;
import java.util.stream.Stream;

/// A gated feed-forward network: `down · (activation(gate · x) ⊙ (up · x))`.
///
/// Source: Shazeer 2020, "GLU Variants Improve Transformer".
///
/// @param gate `[intermediateSize, hiddenSize]`; `up` likewise
/// @param down `[hiddenSize, intermediateSize]`
public record GatedMlp(
    int intermediateSize, Activation activation, Projection gate, Projection up, Projection down)
    implements Op {
  /// With SiLU, as in Llama: `ffn_gate`, `ffn_up`, `ffn_down`.
  public static GatedMlp silu(Hyperparameters h, int layer) throws ModelFormatException {
    int hidden = h.hiddenSize();
    int intermediate = h.intermediateSize(layer);
    return new GatedMlp(
        intermediate,
        Activation.SILU,
        Projection.of(layer, "ffn_gate", intermediate, hidden),
        Projection.of(layer, "ffn_up", intermediate, hidden),
        Projection.of(layer, "ffn_down", hidden, intermediate));
  }

  @Override
  public List<WeightSpec> weights() {
    return Stream.of(gate, up, down).flatMap(p -> p.weights().stream()).toList();
  }
}
