package dev.educe.model;

import dev.educe.format.MetadataValue;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The metadata keys that change what a model computes, beyond sizes: an architecture that does not
/// ask for one of them must not run a model that sets it.
///
/// Source: `llama-arch.cpp` of llama.cpp (`LLM_KV_NAMES`).
final class ResultChangingKeys {
  /// The key, without the architecture's prefix, and the values at which it changes nothing.
  static final Map<String, Set<Double>> NEUTRAL_VALUES = neutralValues();

  private ResultChangingKeys() {}

  private static Map<String, Set<Double>> neutralValues() {
    var unset = Set.of(0.0);
    var unsetOrOne = Set.of(0.0, 1.0);
    var values = new TreeMap<String, Set<Double>>();
    // Factors and limits of single steps.
    values.put("embedding_scale", unsetOrOne);
    values.put("residual_scale", unsetOrOne);
    values.put("logit_scale", unsetOrOne);
    values.put("attn_logit_softcapping", unset);
    values.put("final_logit_softcapping", unset);
    values.put("router_logit_softcapping", unset);
    values.put("swiglu_clamp_exp", unset);
    values.put("swiglu_clamp_shexp", unset);
    // Attention.
    values.put("attention.causal", Set.of(1.0));
    values.put("attention.clamp_kqv", unset);
    values.put("attention.kv_lora_rank", unset);
    values.put("attention.max_alibi_bias", unset);
    values.put("attention.output_scale", unsetOrOne);
    values.put("attention.q_lora_rank", unset);
    values.put("attention.scale", unset);
    values.put("attention.shared_kv_layers", unset);
    values.put("attention.sliding_window", unset);
    values.put("attention.sliding_window_pattern", unset);
    values.put("attention.temperature_length", unset);
    values.put("attention.temperature_scale", unset);
    // Rotation.
    values.put("rope.dimension_sections", unset);
    values.put("rope.freq_base_swa", Set.of());
    values.put("rope.scaling.alpha", unsetOrOne);
    values.put("rope.scaling.yarn_attn_factor", Set.of(1.0));
    // Which layers are what.
    values.put("full_attention_interval", unsetOrOne);
    values.put("interleave_moe_layer_step", unsetOrOne);
    values.put("leading_dense_block_count", unset);
    values.put("moe_every_n_layers", unsetOrOne);
    values.put("nextn_predict_layers", unset);
    values.put("use_parallel_residual", unset);
    // Experts.
    values.put("expert_count", unset);
    values.put("expert_gating_func", unsetOrOne); // 1 is softmax
    values.put("expert_group_count", unsetOrOne);
    values.put("expert_group_used_count", unsetOrOne);
    values.put("expert_shared_count", unset);
    values.put("expert_shared_feed_forward_length", unset);
    return values;
  }

  static boolean isNeutral(MetadataValue value, Set<Double> neutral) {
    return switch (value) {
      case MetadataValue.Int(var _, var number) -> neutral.contains((double) number);
      case MetadataValue.Number(var _, var number) -> neutral.contains(number);
      case MetadataValue.Flag(var flag) -> neutral.contains(flag ? 1.0 : 0.0);
      case MetadataValue.Ints(var _, var numbers) ->
          Arrays.stream(numbers).allMatch(number -> neutral.contains((double) number));
      case MetadataValue.Numbers(var _, var numbers) ->
          Arrays.stream(numbers).allMatch(neutral::contains);
      case MetadataValue.Flags(var flags) -> {
        boolean all = true;
        for (boolean flag : flags) {
          all &= neutral.contains(flag ? 1.0 : 0.0);
        }
        yield all;
      }
      case MetadataValue.Text _, MetadataValue.Texts _, MetadataValue.Nested _ -> false;
    };
  }
}
