package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.List;

/// A mixture of experts: each token goes through the few gated networks that its router chooses.
///
/// The router's logits go through a softmax over all experts; the largest [#used] are chosen (the
/// lower expert first among equals), and the outputs of the chosen are added, each times its share
/// and [#weightsScale].
///
/// Source: Jiang et al. 2024, "Mixtral of Experts", section 2.1.
///
/// @param count how many experts there are
/// @param used how many of them a token goes through
/// @param renormalized whether the shares of the chosen are divided by their sum
/// @param weightsScale a factor of all shares, 1 in most models
/// @param router `[count, hiddenSize]`
/// @param gate `[count, intermediateSize, hiddenSize]`; `up` likewise
/// @param down `[count, hiddenSize, intermediateSize]`
public record Experts(
    int count,
    int used,
    int intermediateSize,
    boolean renormalized,
    float weightsScale,
    Activation activation,
    WeightSpec router,
    WeightSpec gate,
    WeightSpec up,
    WeightSpec down)
    implements Op {

  /// With SiLU and shares by softmax, renormalized unless the checkpoint says otherwise:
  /// `ffn_gate_inp` and `ffn_gate_exps`, `ffn_up_exps`, `ffn_down_exps`.
  public static Experts softmax(Hyperparameters h, int layer, int intermediate)
      throws ModelFormatException {
    int count = h.experts();
    int hidden = h.hiddenSize();
    float scale = (float) h.number("expert_weights_scale", 0);
    return new Experts(
        count,
        h.expertsUsed(),
        intermediate,
        h.flag("expert_weights_norm", true),
        scale == 0 ? 1 : scale,
        Activation.SILU,
        WeightSpec.router(name(layer, "gate_inp"), count, hidden),
        WeightSpec.experts(name(layer, "gate_exps"), count, intermediate, hidden),
        WeightSpec.experts(name(layer, "up_exps"), count, intermediate, hidden),
        WeightSpec.experts(name(layer, "down_exps"), count, hidden, intermediate));
  }

  private static String name(int layer, String part) {
    return WeightSpec.inLayer(layer, "ffn_" + part + ".weight");
  }

  @Override
  public List<WeightSpec> weights() {
    return List.of(router, gate, up, down);
  }
}
