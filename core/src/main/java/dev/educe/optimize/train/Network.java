package dev.educe.optimize.train;

import dev.educe.format.UnsupportedModelException;
import dev.educe.model.Activation;
import dev.educe.model.Attention;
import dev.educe.model.Branch;
import dev.educe.model.Decoder;
import dev.educe.model.Experts;
import dev.educe.model.GatedMlp;
import dev.educe.model.Norm;
import dev.educe.model.Op;
import dev.educe.model.Residual;
import dev.educe.model.WeightSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A description with weights that can learn: logits of a batch, and the gradients of all weights.
///
/// What it can differentiate is Llama's: RMS norms before attention and gated networks with SiLU.
/// Not thread-safe; its [Team] computes.
final class Network {
  /// What keeps the norm of a hint from dividing by zero.
  static final float HINT_EPSILON = 1e-5f;

  private final Team team;
  private final Parameters parameters;
  private final int hiddenSize;
  private final EmbeddingTable embedding;
  private final List<Float> scales = new ArrayList<>(); // of each residual step
  private final List<RmsNorm> norms = new ArrayList<>();
  private final List<Step> steps = new ArrayList<>();
  private final List<Integer> layerEnds = new ArrayList<>(); // [layers]: steps up to its end
  private final RmsNorm lastNorm;
  private final Linear output;
  private final float[][] hidden; // [steps + 1][rows, hiddenSize]
  private final float[][] inputs; // [steps + 1][rows, hiddenSize]: normalized
  private final float[] change; // [rows, hiddenSize]
  private final float[] dInput;

  /// @param parameters made of [#weights] of the same description
  /// @param rowsMax tokens of a batch at most
  /// @param contextLength tokens of a piece at most
  Network(Team team, Decoder decoder, Parameters parameters, int rowsMax, int contextLength) {
    this.team = team;
    this.parameters = parameters;
    this.hiddenSize = decoder.hiddenSize();
    var table = decoder.embedding();
    this.embedding =
        new EmbeddingTable(team, parameters, parameters.get(table.weight()), table.scale());
    for (var layer : decoder.layers()) {
      for (var residual : layer.steps()) {
        var branch = residual.branches().getFirst();
        scales.add(residual.scale());
        norms.add(norm(branch.before().orElseThrow(), rowsMax));
        steps.add(step(branch.op(), rowsMax, contextLength));
      }
      layerEnds.add(steps.size());
    }
    lastNorm = norm(decoder.output().norm(), rowsMax);
    var matrix = decoder.output().projection().weight();
    output =
        new Linear(
            team, parameters, parameters.get(parameters.has(matrix) ? matrix : table.weight()));
    int elements = Math.multiplyExact(rowsMax, hiddenSize);
    hidden = new float[steps.size() + 1][elements];
    inputs = new float[steps.size() + 1][elements];
    change = new float[elements];
    dInput = new float[elements];
  }

  private RmsNorm norm(Norm norm, int rowsMax) {
    return new RmsNorm(team, parameters, parameters.get(norm.weight()), norm.epsilon(), rowsMax);
  }

  private Step step(Op op, int rowsMax, int contextLength) {
    return switch (op) {
      case Attention attention ->
          new AttentionStep(team, parameters, attention, rowsMax, contextLength);
      case GatedMlp mlp -> new GatedMlpStep(team, parameters, mlp, rowsMax);
      case Experts _ -> throw new IllegalArgumentException("experts were refused before");
    };
  }

  /// The weights of a description that learn.
  ///
  /// @param present the names of those that the checkpoint has; optional ones are left out else
  /// @throws UnsupportedModelException if it has what cannot be differentiated here
  static List<WeightSpec> weights(Decoder decoder, Set<String> present) {
    var weights = new LinkedHashSet<WeightSpec>();
    weights.add(decoder.embedding().weight());
    for (var layer : decoder.layers()) {
      for (var residual : layer.steps()) {
        var branch = branch(residual);
        weights.add(branch.before().orElseThrow().weight());
        weights.addAll(weights(branch.op(), present));
      }
    }
    weights.add(decoder.output().norm().weight());
    var output = decoder.output().projection();
    refuse(present.contains(output.bias().name()), "a bias of the output");
    if (present.contains(output.weight().name())) {
      weights.add(output.weight());
    }
    return List.copyOf(weights);
  }

  private static Branch branch(Residual residual) {
    refuse(residual.branches().size() > 1, "branches side by side");
    var branch = residual.branches().getFirst();
    refuse(branch.before().isEmpty(), "a step without a norm before it");
    refuse(branch.after().isPresent(), "a norm after a step");
    return branch;
  }

  private static List<WeightSpec> weights(Op op, Set<String> present) {
    var weights =
        switch (op) {
          case Attention attention -> {
            refuse(attention.window() != Integer.MAX_VALUE, "attention within a window");
            refuse(attention.queryNorm().isPresent(), "norms of queries and keys");
            refuse(attention.temperature().isPresent(), "a temperature of attention");
            attention
                .rope()
                .flatMap(rope -> rope.factors())
                .ifPresent(factors ->
                    refuse(present.contains(factors.name()), "factors of rotation frequencies"));
            yield List.of(
                attention.query(), attention.key(), attention.value(), attention.output());
          }
          case GatedMlp mlp -> {
            refuse(mlp.activation() != Activation.SILU, "another activation than SiLU");
            yield List.of(mlp.gate(), mlp.up(), mlp.down());
          }
          case Experts _ -> throw unsupported("a mixture of experts");
        };
    for (var projection : weights) {
      refuse(present.contains(projection.bias().name()) || !projection.bias().optional(), "biases");
    }
    return weights.stream().map(projection -> projection.weight()).toList();
  }

  private static void refuse(boolean isThere, String what) {
    if (isThere) {
      throw unsupported(what);
    }
  }

  private static UnsupportedModelException unsupported(String what) {
    return new UnsupportedModelException(
        "the student has " + what + ", which cannot be trained here; take one built like Llama");
  }

  /// Computes the logits of every token of a batch.
  ///
  /// @param logits `[rows, vocabularySize]`, overwritten
  void forward(Batch batch, float[] logits) {
    int rows = batch.rows();
    embedding.forward(batch, hidden[0]);
    for (int i = 0; i < steps.size(); i++) {
      norms.get(i).forward(hidden[i], inputs[i], rows);
      steps.get(i).forward(inputs[i], change, batch);
      float[] before = hidden[i];
      float[] after = hidden[i + 1];
      float scale = scales.get(i);
      team.rows(
          rows,
          (first, last, _) -> {
            for (int at = first * hiddenSize; at < last * hiddenSize; at++) {
              after[at] = before[at] + change[at] * scale;
            }
          });
    }
    lastNorm.forward(hidden[steps.size()], inputs[steps.size()], rows);
    output.forward(inputs[steps.size()], logits, rows);
  }

  /// The hidden states after a layer, of the last [#forward]: `[rows, hiddenSize]`. [#backward]
  /// loses those of the last layer.
  float[] states(int layer) {
    return hidden[layerEnds.get(layer)];
  }

  /// Computes the gradients of all weights anew, from those of the last [#forward]'s logits.
  ///
  /// @param dLogits `[rows, vocabularySize]`
  /// @param hints add to the gradients of hidden states, if there are any
  void backward(Batch batch, float[] dLogits, Optional<Hints> hints) {
    int rows = batch.rows();
    float[] dHidden = change; // the change of the last step is no longer wanted
    float[] dChange = hidden[steps.size()]; // nor is the last hidden state, once it is normalized
    Arrays.fill(parameters.gradients(), 0);
    Arrays.fill(dHidden, 0, rows * hiddenSize, 0);
    output.backward(inputs[steps.size()], dLogits, dInput, rows, false);
    lastNorm.backward(hidden[steps.size()], dInput, dHidden, rows);
    for (int i = steps.size() - 1; i >= 0; i--) {
      int layer = layerEnds.indexOf(i + 1);
      if (layer >= 0 && hints.isPresent()) {
        hints.get().differentiate(layer, hidden[i + 1], dHidden, rows);
      }
      float scale = scales.get(i);
      team.rows(
          rows,
          (first, last, _) -> {
            for (int at = first * hiddenSize; at < last * hiddenSize; at++) {
              dChange[at] = dHidden[at] * scale;
            }
          });
      steps.get(i).backward(inputs[i], dChange, dInput, batch);
      norms.get(i).backward(hidden[i], dInput, dHidden, rows);
    }
    embedding.backward(batch, dHidden);
  }
}
