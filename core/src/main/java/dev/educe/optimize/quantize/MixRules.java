package dev.educe.optimize.quantize;

import dev.educe.format.Checkpoint;
import dev.educe.format.Metadata;
import dev.educe.format.ModelFormatException;
import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import java.util.List;

/// Which matrix has which format in a mix: llama.cpp's rules.
///
/// Source: llama.cpp `src/llama-quant.cpp`, `llama_tensor_get_type_impl` and
/// `tensor_type_fallback`.
final class MixRules {
  private final Mix mix;
  private final boolean hasImportance;
  private final int layers;
  private final long experts;
  private final long queriesPerKey; // heads that share keys and values
  private final boolean isTied;
  private final boolean isSeventyBillion;
  private final boolean isFalcon;
  private final List<Integer> valueLayers; // those that have values, ascending

  MixRules(Mix mix, Checkpoint file, boolean hasImportance) throws ModelFormatException {
    this.mix = mix;
    this.hasImportance = hasImportance;
    Metadata metadata = file.metadata();
    String architecture = metadata.findString("general.architecture").orElse("");
    layers = (int) metadata.findInteger(architecture + ".block_count").orElse(0);
    experts = metadata.findInteger(architecture + ".expert_count").orElse(0);
    long heads = first(metadata, architecture + ".attention.head_count", 1);
    long kvHeads = first(metadata, architecture + ".attention.head_count_kv", heads);
    queriesPerKey = kvHeads > 0 ? heads / kvHeads : 0;
    isTied = file.tensor("output.weight").isEmpty();
    isSeventyBillion = layers == 80 && heads != kvHeads && architecture.matches("llama|qwen2");
    isFalcon = architecture.equals("falcon");
    valueLayers =
        file.tensors().stream()
            .map(TensorEntry::name)
            .filter(name -> isValue(TensorRole.of(name)))
            .map(TensorRole::layer)
            .sorted()
            .toList();
  }

  /// A number that some files have once, others for each layer.
  private static long first(Metadata metadata, String key, long otherwise) {
    var value = metadata.find(key);
    if (value.isEmpty()) {
      return otherwise;
    }
    long[] each = value.get().asIntegers().orElse(new long[0]);
    return each.length > 0 ? each[0] : value.get().asInteger().orElse(otherwise);
  }

  private static boolean isValue(TensorRole role) {
    return role == TensorRole.VALUE || role == TensorRole.QUERY_KEY_VALUE;
  }

  /// The format of a matrix, before [#fitting].
  DType type(TensorEntry tensor) {
    DType base = mix.base();
    if (!base.isQuantized()) {
      return base;
    }
    TensorRole role = TensorRole.of(tensor.name());
    if (role == TensorRole.OUTPUT || (isTied && role == TensorRole.EMBEDDING)) {
      return output(tensor);
    }
    if (mix == Mix.MXFP4_MOE) {
      return tensor.shape().dimensions().size() > 2 ? DType.MXFP4 : DType.Q8_0;
    }
    return switch (role) {
      case VALUE, QUERY_KEY_VALUE -> value(tensor);
      case KEY -> experts == 8 ? DType.Q8_0 : base;
      case DOWN -> down(TensorRole.layer(tensor.name()));
      case ATTENTION_OUTPUT -> attentionOutput();
      case EMBEDDING, OUTPUT, QUERY, OTHER -> base;
    };
  }

  private DType output(TensorEntry tensor) {
    boolean isWhole = tensor.shape().columns() % mix.base().blockSize() == 0;
    boolean wantsBytes = mix == Mix.MXFP4_MOE || mix == Mix.Q8_0 || isFalcon || !isWhole;
    return wantsBytes ? DType.Q8_0 : DType.Q6_K;
  }

  private DType value(TensorEntry tensor) {
    int index = valueLayers.indexOf(TensorRole.layer(tensor.name()));
    DType type =
        switch (mix) {
          case Q2_K -> queriesPerKey >= 4 ? DType.Q4_K : DType.Q3_K;
          case Q2_K_S -> queriesPerKey >= 4 ? DType.Q4_K : DType.Q2_K;
          case Q3_K_M -> index < 2 ? DType.Q5_K : DType.Q4_K;
          case Q3_K_L -> DType.Q5_K;
          case IQ4_NL, IQ4_XS -> queriesPerKey >= 4 ? DType.Q5_K : mix.base();
          case Q4_K_M, Q5_K_M -> isWorthMore(index, valueLayers.size()) ? DType.Q6_K : mix.base();
          case Q4_K_S -> index < 4 ? DType.Q5_K : DType.Q4_K;
          default -> mix.base();
        };
    if (isSeventyBillion && (type == DType.Q3_K || type == DType.Q4_K)) {
      type = DType.Q5_K;
    }
    return experts == 8 ? DType.Q8_0 : type;
  }

  private DType down(int layer) {
    boolean isEarly = layer < layers / 8;
    return switch (mix) {
      case Q2_K -> DType.Q3_K;
      case Q2_K_S -> isEarly ? DType.Q4_K : DType.Q2_K;
      case Q3_K_M ->
          layer < layers / 16
              ? DType.Q5_K
              : !isFalcon || isWorthMore(layer, layers) ? DType.Q4_K : DType.Q3_K;
      case Q3_K_L -> isFalcon ? DType.Q4_K : DType.Q5_K;
      case Q4_K_M -> {
        if (isFalcon && layer >= layers / 16) {
          yield isWorthMore(layer, layers) ? DType.Q5_K : DType.Q4_K;
        }
        yield isFalcon || isWorthMore(layer, layers) ? DType.Q6_K : DType.Q4_K;
      }
      case Q5_K_M -> isWorthMore(layer, layers) ? DType.Q6_K : DType.Q5_K;
      case Q4_K_S -> isEarly && !isFalcon ? DType.Q5_K : DType.Q4_K;
      case IQ4_NL, IQ4_XS -> isEarly && !hasImportance ? DType.Q5_K : mix.base();
      case Q4_0 -> isEarly && hasImportance ? DType.Q4_1 : DType.Q4_0;
      case Q5_0 -> isEarly && hasImportance ? DType.Q5_1 : DType.Q5_0;
      default -> mix.base();
    };
  }

  private DType attentionOutput() {
    if (isFalcon) {
      return mix == Mix.Q3_K_L ? DType.Q4_K : mix.base();
    }
    if (experts == 8) {
      return switch (mix) {
        case Q2_K, Q3_K_S, Q3_K_M, IQ4_NL, Q4_K_S, Q4_K_M, IQ4_XS -> DType.Q5_K;
        default -> mix.base();
      };
    }
    return switch (mix) {
      case Q2_K -> DType.Q3_K;
      case Q3_K_M -> DType.Q4_K;
      case Q3_K_L -> DType.Q5_K;
      default -> mix.base();
    };
  }

  /// The first and the last eighth, and every third between.
  private static boolean isWorthMore(int layer, int layers) {
    return layer < layers / 8 || layer >= 7 * layers / 8 || (layer - layers / 8) % 3 == 2;
  }

  /// The format itself where rows of so many columns hold whole blocks, or what stands in for it.
  static DType fitting(DType type, long columns) {
    if (columns % type.blockSize() == 0) {
      return type;
    }
    DType smaller =
        switch (type) {
          case IQ4_XS -> DType.IQ4_NL;
          case Q2_K, Q3_K -> DType.Q4_0;
          case Q4_K -> DType.Q5_0;
          case Q5_K -> DType.Q5_1;
          case Q6_K -> DType.Q8_0;
          default -> DType.F16;
        };
    return columns % smaller.blockSize() == 0 ? smaller : DType.F16;
  }
}
