package dev.educe.model;

import java.util.List;

/// What mixes tokens, or transforms each of them alone: the heart of a residual step.
public sealed interface Op permits Attention, GatedMlp, Experts {
  /// The weights it wants, those it can do without included.
  List<WeightSpec> weights();

  /// How many values a token leaves in the KV cache: keys and values together.
  default int kvElementsPerToken() {
    return 0;
  }
}
