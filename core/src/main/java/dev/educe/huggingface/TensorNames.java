package dev.educe.huggingface;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Pattern;

/// GGUF's names for the tensors of Hugging Face's checkpoints.
///
/// Source: transformers, the `modeling_*.py` of each family; llama.cpp, `tensor_mapping.py`.
final class TensorNames {
  private static final Map<String, String> OUTSIDE =
      Map.of(
          "embed_tokens.weight", "token_embd.weight",
          "norm.weight", "output_norm.weight",
          "lm_head.weight", "output.weight",
          "lm_head.bias", "output.bias");

  private static final Map<String, String> IN_LAYER =
      Map.ofEntries(
          Map.entry("input_layernorm", "attn_norm"),
          Map.entry("post_attention_layernorm", "ffn_norm"),
          Map.entry("self_attn.q_proj", "attn_q"),
          Map.entry("self_attn.k_proj", "attn_k"),
          Map.entry("self_attn.v_proj", "attn_v"),
          Map.entry("self_attn.o_proj", "attn_output"),
          Map.entry("self_attn.q_norm", "attn_q_norm"),
          Map.entry("self_attn.k_norm", "attn_k_norm"),
          Map.entry("mlp.gate_proj", "ffn_gate"),
          Map.entry("mlp.up_proj", "ffn_up"),
          Map.entry("mlp.down_proj", "ffn_down"),
          Map.entry("mlp.gate", "ffn_gate_inp"),
          Map.entry("block_sparse_moe.gate", "ffn_gate_inp"));

  private static final Map<String, String> IN_EXPERT =
      Map.of(
          "gate_proj", "ffn_gate_exps",
          "up_proj", "ffn_up_exps",
          "down_proj", "ffn_down_exps",
          "w1", "ffn_gate_exps",
          "w3", "ffn_up_exps",
          "w2", "ffn_down_exps");

  private static final Pattern LAYER =
      Pattern.compile("layers\\.(\\d{1,6})\\.(.+)\\.(weight|bias)");
  private static final Pattern EXPERT =
      Pattern.compile("(?:mlp|block_sparse_moe)\\.experts\\.(\\d{1,6})\\.(\\w+)");

  private TensorNames() {}

  /// GGUF's name for a tensor, and which expert's part of that it is.
  record Name(String name, OptionalInt expert) {}

  /// Empty if no family has such a tensor.
  static Optional<Name> of(String theirs) {
    String name = theirs.startsWith("model.") ? theirs.substring("model.".length()) : theirs;
    if (OUTSIDE.containsKey(name)) {
      return Optional.of(new Name(OUTSIDE.get(name), OptionalInt.empty()));
    }
    var layer = LAYER.matcher(name);
    if (!layer.matches()) {
      return Optional.empty();
    }
    String start = "blk." + Integer.parseInt(layer.group(1)) + ".";
    String end = "." + layer.group(3);
    if (IN_LAYER.containsKey(layer.group(2))) {
      String part = IN_LAYER.get(layer.group(2));
      return Optional.of(new Name(start + part + end, OptionalInt.empty()));
    }
    var expert = EXPERT.matcher(layer.group(2));
    if (!expert.matches() || !IN_EXPERT.containsKey(expert.group(2))) {
      return Optional.empty();
    }
    var number = OptionalInt.of(Integer.parseInt(expert.group(1)));
    return Optional.of(new Name(start + IN_EXPERT.get(expert.group(2)) + end, number));
  }

  /// Whether a tensor is computed from the configuration anew, and kept by some versions only.
  static boolean isDerived(String theirs) {
    return theirs.endsWith(".rotary_emb.inv_freq");
  }
}
