package dev.educe.optimize.prune;

import java.util.List;
import java.util.Optional;

/// How much of what is taken out of a model. Immutable; `withX` copies.
///
/// @param layers layers to drop
/// @param units feed-forward units to drop from each layer
/// @param parameters share of all parameters to drop, by the best mix of layers and units; then
///   neither of those is given
/// @param tokenCountMin tokens that occur less often in the text are dropped; 0 keeps all
/// @param magnitude share of each matrix's weights to set to zero
public record PruneOptions(
    Optional<Amount> layers,
    Optional<Amount> units,
    Optional<Amount> parameters,
    int tokenCountMin,
    Optional<Amount> magnitude) {
  /// @throws IllegalArgumentException if a mix is asked for and its parts as well, or a number of
  ///   parameters or weights in place of a share, or `tokenCountMin` is negative
  public PruneOptions {
    if (parameters.isPresent() && (layers.isPresent() || units.isPresent())) {
      throw new IllegalArgumentException(
          "give a share of all parameters, or layers and feed-forward units, not both");
    }
    for (Optional<Amount> share : List.of(parameters, magnitude)) {
      if (share.isPresent() && (!share.get().isShare() || share.get().value() >= 1)) {
        throw new IllegalArgumentException(
            "parameters and weights are dropped by share, below 100 %, as 25%");
      }
    }
    if (tokenCountMin < 0) {
      throw new IllegalArgumentException(
          "tokenCountMin must not be negative, got " + tokenCountMin);
    }
  }

  /// Nothing is taken out.
  public static PruneOptions none() {
    return new PruneOptions(
        Optional.empty(), Optional.empty(), Optional.empty(), 0, Optional.empty());
  }

  public PruneOptions withLayers(Amount layers) {
    return new PruneOptions(Optional.of(layers), units, parameters, tokenCountMin, magnitude);
  }

  public PruneOptions withUnits(Amount units) {
    return new PruneOptions(layers, Optional.of(units), parameters, tokenCountMin, magnitude);
  }

  public PruneOptions withParameters(Amount parameters) {
    return new PruneOptions(layers, units, Optional.of(parameters), tokenCountMin, magnitude);
  }

  public PruneOptions withTokenCountMin(int tokenCountMin) {
    return new PruneOptions(layers, units, parameters, tokenCountMin, magnitude);
  }

  public PruneOptions withMagnitude(Amount magnitude) {
    return new PruneOptions(layers, units, parameters, tokenCountMin, Optional.of(magnitude));
  }
}
