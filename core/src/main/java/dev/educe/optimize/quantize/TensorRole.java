package dev.educe.optimize.quantize;

import dev.educe.format.TensorEntry;
import java.util.List;

/// What a tensor does, as far as its format depends on it, by its name.
///
/// Source: llama.cpp `src/llama-quant.cpp`, `tensor_get_category` and `tensor_allows_quantization`.
enum TensorRole {
  EMBEDDING,
  OUTPUT,
  QUERY,
  KEY,
  VALUE,
  QUERY_KEY_VALUE,
  ATTENTION_OUTPUT,
  DOWN,
  OTHER;

  // Matrices that are small, or that nothing else reads in another format.
  private static final List<String> KEPT =
      List.of(
          "_norm.weight",
          "ffn_gate_inp",
          "altup",
          "laurel",
          "per_layer_model_proj",
          "position_embd",
          "token_types",
          "ssm_conv1d",
          "shortconv.conv",
          "time_mix_",
          "attn_rel_b",
          "rel_pos",
          "patch_embd",
          "patch_merger");

  static TensorRole of(String name) {
    if (name.equals("output.weight")) {
      return OUTPUT;
    }
    if (name.equals("token_embd.weight")) {
      return EMBEDDING;
    }
    if (name.contains("attn_qkv.weight")) {
      return QUERY_KEY_VALUE;
    }
    if (name.contains("attn_v.weight") || name.contains("attn_kv_b.weight")) {
      return VALUE;
    }
    if (name.contains("attn_k.weight")) {
      return KEY;
    }
    if (name.contains("attn_q.weight")) {
      return QUERY;
    }
    if (name.contains("attn_output.weight")) {
      return ATTENTION_OUTPUT;
    }
    return name.contains("ffn_down") ? DOWN : OTHER;
  }

  /// Whether a tensor is a weight matrix that may have any format; all others stay as they are.
  static boolean isMatrix(TensorEntry tensor) {
    return tensor.shape().dimensions().size() >= 2
        && tensor.name().endsWith("weight")
        && KEPT.stream().noneMatch(tensor.name()::contains);
  }

  /// The layer whose tensor it is; 0 outside of layers.
  static int layer(String name) {
    if (!name.startsWith("blk.")) {
      return 0;
    }
    int end = name.indexOf('.', 4);
    try {
      return end < 0 ? 0 : Integer.parseInt(name.substring(4, end));
    } catch (NumberFormatException _) {
      return 0; // a name of nobody's making
    }
  }
}
