package dev.educe.huggingface;

import dev.educe.format.ModelFormatException;
import dev.educe.format.UnsupportedModelException;
import java.util.Optional;

/// A `config.json` as the hyperparameters of a GGUF file.
///
/// What changes the result and has no counterpart is refused. Ranges are checked by whoever
/// describes the model.
///
/// Source: Hugging Face transformers, the `configuration_*.py` of each family; llama.cpp,
/// `convert_hf_to_gguf.py`, for the keys.
record Config(Fields fields, Family family) {
  private static final String LLAMA_3 = "llama3";

  static Config of(Fields fields) throws ModelFormatException {
    var config = new Config(fields, Family.of(fields));
    config.refuseUnknown();
    return config;
  }

  /// Whether the matrix that makes logits is the embedding's.
  boolean isTied() throws ModelFormatException {
    return fields.flag("tie_word_embeddings").orElse(false);
  }

  long vocabularySize() throws ModelFormatException {
    return required("vocab_size");
  }

  /// Experts of a layer; 0 for a dense model.
  long experts() throws ModelFormatException {
    return switch (family) {
      case MIXTRAL -> required("num_local_experts");
      case QWEN3_MOE -> required("num_experts");
      case LLAMA, MISTRAL, QWEN2, QWEN3 -> 0;
    };
  }

  /// Puts `general.architecture` and all keys of the architecture.
  void put(Keys keys) throws ModelFormatException {
    keys.put("general.architecture", family.architecture());
    keys.put("vocab_size", vocabularySize());
    keys.put("block_count", required("num_hidden_layers"));
    keys.put("context_length", required("max_position_embeddings"));
    keys.put("embedding_length", required("hidden_size"));
    keys.put("feed_forward_length", required("intermediate_size"));
    long heads = required("num_attention_heads");
    keys.put("attention.head_count", heads);
    keys.put("attention.head_count_kv", fields.integer("num_key_value_heads").orElse(heads));
    keys.put("attention.layer_norm_rms_epsilon", number(fields, "rms_norm_eps"));
    var headSize = fields.integer("head_dim");
    if (headSize.isPresent()) {
      keys.put("attention.key_length", headSize.getAsLong());
      keys.put("attention.value_length", headSize.getAsLong());
    }
    keys.put("rope.dimension_count", headSize());
    window().ifPresent(window -> keys.put("attention.sliding_window", window));
    putExperts(keys);
    putRope(keys);
  }

  private void putExperts(Keys keys) throws ModelFormatException {
    if (experts() == 0) {
      return;
    }
    keys.put("expert_count", experts());
    keys.put("expert_used_count", required("num_experts_per_tok"));
    if (family == Family.QWEN3_MOE) {
      keys.put("expert_feed_forward_length", required("moe_intermediate_size"));
      keys.put("expert_weights_norm", fields.flag("norm_topk_prob").orElse(false));
    }
  }

  private void putRope(Keys keys) throws ModelFormatException {
    Fields rope = rope();
    keys.put("rope.freq_base", theta());
    switch (ropeType()) {
      case "default" -> {}
      case LLAMA_3 -> {
        if (!family.architecture().equals("llama")) {
          throw unsupported("rope_scaling", "'llama3' for another family");
        }
      }
      case "linear" ->
          keys.put("rope.scaling.type", "linear")
              .put("rope.scaling.factor", number(rope, "factor"));
      case "yarn" -> {
        double factor = number(rope, "factor");
        keys.put("rope.scaling.type", "yarn").put("rope.scaling.factor", factor);
        keys.put("rope.scaling.original_context_length", originalContext());
        var whole = rope.number("attention_factor");
        if (whole.isPresent()) {
          // Readers of GGUF multiply it by what YaRN says.
          keys.put("rope.scaling.attn_factor", whole.getAsDouble() / (1 + 0.1 * Math.log(factor)));
        }
        var fast = rope.number("beta_fast");
        fast.ifPresent(beta -> keys.put("rope.scaling.yarn_beta_fast", beta));
        var slow = rope.number("beta_slow");
        slow.ifPresent(beta -> keys.put("rope.scaling.yarn_beta_slow", beta));
      }
      default ->
          throw new UnsupportedModelException(
              "%s: the RoPE scaling '%s' is not supported; there are default, linear, yarn, llama3"
                  .formatted(fields.source(), ModelFormatException.excerpt(ropeType())));
    }
  }

  /// What Llama 3 divides each frequency by, if it is one.
  ///
  /// Source: transformers `modeling_rope_utils.py`, `_compute_llama3_parameters`.
  Optional<float[]> ropeFactors() throws ModelFormatException {
    if (!ropeType().equals(LLAMA_3)) {
      return Optional.empty();
    }
    double factor = number(rope(), "factor");
    double low = number(rope(), "low_freq_factor");
    double high = number(rope(), "high_freq_factor");
    double context = originalContext();
    double theta = theta();
    var factors = new float[Math.clamp(headSize() / 2, 0, 1 << 16)];
    for (int pair = 0; pair < factors.length; pair++) {
      double turns = context / (2 * Math.PI * Math.pow(theta, 2.0 * pair / headSize()));
      double kept = Math.clamp((turns - low) / (high - low), 0.0, 1.0);
      factors[pair] = (float) (1 / ((1 - kept) / factor + kept));
    }
    return Optional.of(factors);
  }

  private long headSize() throws ModelFormatException {
    var size = fields.integer("head_dim");
    return size.isPresent()
        ? size.getAsLong()
        : required("hidden_size") / Math.max(1, required("num_attention_heads"));
  }

  /// Where transformers before 5 and since keep the scaling.
  private Fields rope() throws ModelFormatException {
    var before = fields.object("rope_scaling");
    return before.isPresent() ? before.get() : fields.object("rope_parameters").orElse(fields);
  }

  private String ropeType() throws ModelFormatException {
    Fields rope = rope();
    if (rope == fields) {
      return "default";
    }
    var type = rope.text("rope_type");
    return type.isPresent() ? type.get() : rope.text("type").orElse("default");
  }

  private double theta() throws ModelFormatException {
    return fields.number("rope_theta").orElse(rope().number("rope_theta").orElse(10_000));
  }

  private long originalContext() throws ModelFormatException {
    var name = "original_max_position_embeddings";
    return rope()
        .integer(name)
        .orElse(fields.integer(name).orElse(required("max_position_embeddings")));
  }

  /// The window that all layers have.
  private Optional<Long> window() throws ModelFormatException {
    var size = fields.integer("sliding_window");
    if (size.isEmpty()) {
      return Optional.empty();
    }
    return switch (family) {
      case MISTRAL, MIXTRAL -> Optional.of(size.getAsLong());
      case QWEN2, QWEN3, QWEN3_MOE -> {
        long full = fields.integer("max_window_layers").orElse(0);
        if (fields.flag("use_sliding_window").orElse(false)
            && full < required("num_hidden_layers")) {
          throw unsupported("use_sliding_window", "true for some layers and not for others");
        }
        yield Optional.empty();
      }
      case LLAMA -> Optional.empty();
    };
  }

  private void refuseUnknown() throws ModelFormatException {
    if (fields.has("quantization_config")) {
      throw new UnsupportedModelException(
          fields.source()
              + ": the weights are quantized already; take the checkpoint that it was made from");
    }
    String activation = fields.text("hidden_act").orElse("silu");
    if (!activation.equals("silu")) {
      throw unsupported("hidden_act", "'" + ModelFormatException.excerpt(activation) + "'");
    }
    if (!fields.integers("mlp_only_layers").isEmpty()) {
      throw unsupported("mlp_only_layers", "a list of layers");
    }
    if (fields.integer("decoder_sparse_step").orElse(1) != 1) {
      throw unsupported("decoder_sparse_step", "not 1");
    }
    if (fields.number("partial_rotary_factor").orElse(1) != 1) {
      throw unsupported("partial_rotary_factor", "not 1");
    }
  }

  private UnsupportedModelException unsupported(String name, String value) {
    return new UnsupportedModelException(
        "%s: '%s' is %s, which is not supported".formatted(fields.source(), name, value));
  }

  private long required(String name) throws ModelFormatException {
    var value = fields.integer(name);
    if (value.isEmpty() || value.getAsLong() < 0 || value.getAsLong() > Integer.MAX_VALUE) {
      throw fields.wrong(name, "an integer from 0 to 2^31-1");
    }
    return value.getAsLong();
  }

  private static double number(Fields fields, String name) throws ModelFormatException {
    var value = fields.number(name);
    if (value.isEmpty()) {
      throw fields.wrong(name, "a number");
    }
    return value.getAsDouble();
  }
}
