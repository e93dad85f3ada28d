package dev.educe.model;

import dev.educe.format.ModelFormatException;

/// Normalizes by the root mean square: `y[i] = x[i] · (1 / sqrt(Σx²/n + epsilon)) · weight[i]`.
///
/// Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", equation 4.
///
/// @param weight `[n]`: the hidden size, or the head size where single heads are normalized
public record Norm(WeightSpec weight, float epsilon) {
  /// Over the hidden state, in a layer: `attn_norm`, `ffn_norm`.
  public static Norm rms(Hyperparameters h, int layer, String name) throws ModelFormatException {
    return rms(h, WeightSpec.inLayer(layer, name + ".weight"), h.hiddenSize());
  }

  /// Over `size` values, with the whole name of the weight.
  public static Norm rms(Hyperparameters h, String weight, int size) throws ModelFormatException {
    return new Norm(WeightSpec.vector(weight, size), h.normEpsilon());
  }
}
