package dev.educe.cli.make;

import dev.educe.tensor.DType;
import dev.educe.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// The dimensions of a Llama, and the tensors that follow from them.
enum ModelShape {
  TINY("llama-tiny", 2, 256, 768, 4, 2, 64, 512, 0),
  SMALL("llama-1b", 16, 2048, 8192, 32, 8, 64, 32_000, 0),
  MEDIUM("llama-3b", 28, 3072, 8192, 24, 8, 128, 32_000, 0),
  EXPERTS("llama-moe", 12, 1024, 2048, 16, 4, 64, 32_000, 8);

  /// How many experts see each token, where there are any.
  static final int EXPERTS_USED = 2;

  private final String label;
  final int layers;
  final int hiddenSize;
  final int intermediateSize;
  final int heads;
  final int kvHeads;
  final int headSize;
  final int vocabularySize;
  final int experts; // 0 is dense

  ModelShape(
      String label,
      int layers,
      int hiddenSize,
      int intermediateSize,
      int heads,
      int kvHeads,
      int headSize,
      int vocabularySize,
      int experts) {
    this.label = label;
    this.layers = layers;
    this.hiddenSize = hiddenSize;
    this.intermediateSize = intermediateSize;
    this.heads = heads;
    this.kvHeads = kvHeads;
    this.headSize = headSize;
    this.vocabularySize = vocabularySize;
    this.experts = experts;
  }

  /// A tensor of random weights, or of ones where `isNorm`.
  record Weight(String name, DType type, Shape shape, boolean isNorm) {}

  /// @throws IllegalArgumentException if there is none of this name
  static ModelShape of(String label) {
    return Arrays.stream(values())
        .filter(shape -> shape.label.equals(label))
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "there is no shape '%s'; there are %s"
                    .formatted(
                        label,
                        Arrays.stream(values())
                            .map(ModelShape::label)
                            .collect(Collectors.joining(", ")))));
  }

  /// The name it is asked for by.
  String label() {
    return label;
  }

  /// All tensors, matrices in one format.
  List<Weight> weights(DType type) {
    var weights = new ArrayList<Weight>();
    weights.add(matrix("token_embd.weight", type, vocabularySize, hiddenSize));
    for (int layer = 0; layer < layers; layer++) {
      String prefix = "blk." + layer + ".";
      int queries = heads * headSize;
      int keys = kvHeads * headSize;
      weights.add(norm(prefix + "attn_norm.weight"));
      weights.add(matrix(prefix + "attn_q.weight", type, queries, hiddenSize));
      weights.add(matrix(prefix + "attn_k.weight", type, keys, hiddenSize));
      weights.add(matrix(prefix + "attn_v.weight", type, keys, hiddenSize));
      weights.add(matrix(prefix + "attn_output.weight", type, hiddenSize, queries));
      weights.add(norm(prefix + "ffn_norm.weight"));
      String suffix = experts > 0 ? "_exps.weight" : ".weight";
      if (experts > 0) {
        weights.add(matrix(prefix + "ffn_gate_inp.weight", DType.F32, experts, hiddenSize));
      }
      weights.add(matrix(prefix + "ffn_gate" + suffix, type, intermediateSize, hiddenSize));
      weights.add(matrix(prefix + "ffn_up" + suffix, type, intermediateSize, hiddenSize));
      weights.add(matrix(prefix + "ffn_down" + suffix, type, hiddenSize, intermediateSize));
    }
    weights.add(norm("output_norm.weight"));
    weights.add(matrix("output.weight", type, vocabularySize, hiddenSize));
    return weights;
  }

  private Weight matrix(String name, DType type, int rows, int columns) {
    boolean isStacked = name.endsWith("_exps.weight");
    var shape = isStacked ? Shape.of(experts, rows, columns) : Shape.of(rows, columns);
    return new Weight(name, type, shape, false);
  }

  private Weight norm(String name) {
    return new Weight(name, DType.F32, Shape.of(hiddenSize), true);
  }
}
