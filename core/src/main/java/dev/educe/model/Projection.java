package dev.educe.model;

import java.util.List;

/// A matrix and, where the checkpoint has one, a bias: `y = W·x + b`.
///
/// @param weight `[rows, columns]`
/// @param bias `[rows]`
public record Projection(WeightSpec weight, WeightSpec bias) {
  /// With a bias that may be absent; `name` is without its ending: `output`.
  public static Projection of(String name, int rows, int columns) {
    return new Projection(
        WeightSpec.matrix(name + ".weight", rows, columns),
        WeightSpec.vector(name + ".bias", rows).asOptional());
  }

  /// In a layer: `attn_q`.
  public static Projection of(int layer, String name, int rows, int columns) {
    return of(WeightSpec.inLayer(layer, name), rows, columns);
  }

  /// The same with a bias that must be there.
  public Projection withBias() {
    return new Projection(weight, bias.asRequired());
  }

  /// The same with rows that stand in another order in the file.
  public Projection withRowOrder(RowOrder order) {
    return new Projection(weight.withRowOrder(order), bias.withRowOrder(order));
  }

  List<WeightSpec> weights() {
    return List.of(weight, bias);
  }
}
