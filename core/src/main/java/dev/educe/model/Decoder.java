package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;

/// A whole model as a value: embed tokens, run the layers, turn hidden states into logits.
///
/// @param hiddenSize values of a token's hidden state
/// @param contextLength positions that the model was trained for
/// @param vocabularySize tokens it knows
public record Decoder(
    int hiddenSize,
    int contextLength,
    int vocabularySize,
    Embedding embedding,
    List<Layer> layers,
    Output output) {
  /// Says what a layer is.
  @FunctionalInterface
  public interface Steps {
    /// The residual steps of the layer with this index.
    List<Residual> of(int layer) throws ModelFormatException;
  }

  public Decoder {
    layers = List.copyOf(layers);
  }

  /// As in Llama: an unscaled embedding, a norm before the output, which may be tied.
  public static Decoder of(Hyperparameters h, Steps steps) throws ModelFormatException {
    int hidden = h.hiddenSize();
    int vocabulary = h.vocabularySize();
    var layers = new ArrayList<Layer>();
    for (int layer = 0; layer < h.layers(); layer++) {
      layers.add(new Layer(steps.of(layer)));
    }
    var projection = Projection.of("output", vocabulary, hidden);
    return new Decoder(
        hidden,
        h.contextLength(),
        vocabulary,
        new Embedding(WeightSpec.matrix("token_embd.weight", vocabulary, hidden), 1),
        layers,
        new Output(
            Norm.rms(h, "output_norm.weight", hidden),
            new Projection(projection.weight().asOptional(), projection.bias())));
  }

  /// Every weight that the model wants, each once, in the order of use.
  public List<WeightSpec> weights() {
    var weights = new LinkedHashSet<WeightSpec>();
    weights.add(embedding.weight());
    for (var branch : branches()) {
      branch.before().map(Norm::weight).ifPresent(weights::add);
      weights.addAll(branch.op().weights());
      branch.after().map(Norm::weight).ifPresent(weights::add);
    }
    weights.add(output.norm().weight());
    weights.addAll(output.projection().weights());
    return List.copyOf(weights);
  }

  /// How many values a token leaves in the KV cache, over all layers.
  public long kvElementsPerToken() {
    return branches().stream().mapToLong(branch -> branch.op().kvElementsPerToken()).sum();
  }

  /// Positions that any layer sees at most, a token's own included; [Integer#MAX_VALUE] if one sees
  /// all.
  public int window() {
    return branches().stream()
        .mapToInt(branch -> branch.op() instanceof Attention attention ? attention.window() : 1)
        .max()
        .orElse(Integer.MAX_VALUE);
  }

  private List<Branch> branches() {
    return layers.stream()
        .flatMap(layer -> layer.steps().stream())
        .flatMap(step -> step.branches().stream())
        .toList();
  }
}
