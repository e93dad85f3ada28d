package dev.educe.huggingface;

import dev.educe.format.Gguf;
import dev.educe.format.Metadata;
import dev.educe.format.MetadataValue;
import dev.educe.format.TensorEntry;
import dev.educe.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/// Writes the folder that a GGUF file might have been made from: names, order of rows,
/// configuration and vocabulary the other way round.
final class Folder {
  private static final JsonMapper JSON = new JsonMapper();

  private static final Map<String, String> NAMES =
      Map.ofEntries(
          Map.entry("attn_norm", "input_layernorm"),
          Map.entry("ffn_norm", "post_attention_layernorm"),
          Map.entry("attn_q", "self_attn.q_proj"),
          Map.entry("attn_k", "self_attn.k_proj"),
          Map.entry("attn_v", "self_attn.v_proj"),
          Map.entry("attn_output", "self_attn.o_proj"),
          Map.entry("attn_q_norm", "self_attn.q_norm"),
          Map.entry("attn_k_norm", "self_attn.k_norm"),
          Map.entry("ffn_gate", "mlp.gate_proj"),
          Map.entry("ffn_up", "mlp.up_proj"),
          Map.entry("ffn_down", "mlp.down_proj"));

  private final Path path;
  private final Gguf gguf;
  private final Map<String, Object> config = new LinkedHashMap<>();
  private final Map<String, Object> tokenizer;
  private int shards = 1;

  /// @param type transformers' name of the family
  Folder(Path path, Gguf gguf, String type) throws IOException {
    this.path = path;
    this.gguf = gguf;
    config.put("model_type", type);
    config();
    tokenizer = Vocabularies.tokenizer(gguf.metadata());
  }

  /// With its tensors in several files.
  Folder sharded(int files) {
    shards = files;
    return this;
  }

  /// With a field of the configuration.
  Folder with(String name, Object value) {
    config.put(name, value);
    return this;
  }

  Path write() throws IOException {
    Files.createDirectories(path);
    JSON.writeValue(path.resolve("config.json").toFile(), config);
    JSON.writeValue(path.resolve("tokenizer.json").toFile(), tokenizer);
    JSON.writeValue(
        path.resolve("tokenizer_config.json").toFile(), Vocabularies.config(gguf.metadata()));
    var parts = new ArrayList<Map<String, Stored>>();
    for (int shard = 0; shard < shards; shard++) {
      parts.add(new LinkedHashMap<>());
    }
    int next = 0;
    for (TensorEntry tensor : gguf.tensors()) {
      for (var stored : stored(tensor).entrySet()) {
        parts.get(next++ % shards).put(stored.getKey(), stored.getValue());
      }
    }
    if (shards == 1) {
      Files.write(path.resolve("model.safetensors"), safetensors(parts.getFirst()));
      return path;
    }
    var index = new LinkedHashMap<String, Object>();
    for (int shard = 0; shard < shards; shard++) {
      String file = "model-%05d-of-%05d.safetensors".formatted(shard + 1, shards);
      Files.write(path.resolve(file), safetensors(parts.get(shard)));
      parts.get(shard).keySet().forEach(name -> index.put(name, file));
    }
    JSON.writeValue(
        path.resolve("model.safetensors.index.json").toFile(), Map.of("weight_map", index));
    return path;
  }

  private void config() throws IOException {
    Metadata metadata = gguf.metadata();
    String prefix = metadata.string("general.architecture") + ".";
    int vocabulary = metadata.findStrings("tokenizer.ggml.tokens").orElseThrow().size();
    config.put("architectures", List.of("SomethingForCausalLM"));
    config.put("vocab_size", vocabulary);
    config.put("tie_word_embeddings", gguf.tensor("output.weight").isEmpty());
    var names =
        Map.ofEntries(
            Map.entry("block_count", "num_hidden_layers"),
            Map.entry("context_length", "max_position_embeddings"),
            Map.entry("embedding_length", "hidden_size"),
            Map.entry("feed_forward_length", "intermediate_size"),
            Map.entry("attention.head_count", "num_attention_heads"),
            Map.entry("attention.head_count_kv", "num_key_value_heads"),
            Map.entry("attention.key_length", "head_dim"),
            Map.entry("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
            Map.entry("rope.freq_base", "rope_theta"),
            Map.entry("expert_count", isMixtral() ? "num_local_experts" : "num_experts"),
            Map.entry("expert_used_count", "num_experts_per_tok"),
            Map.entry("expert_feed_forward_length", "moe_intermediate_size"));
    for (String key : metadata.keys()) {
      String name = key.startsWith(prefix) ? names.get(key.substring(prefix.length())) : null;
      if (name != null) {
        config.put(name, number(metadata.find(key).orElseThrow()));
      }
    }
    config.put("norm_topk_prob", true);
    config.put("sliding_window", null);
    var scaling = metadata.findString(prefix + "rope.scaling.type");
    if (scaling.isPresent()) {
      var rope = new LinkedHashMap<String, Object>();
      rope.put("rope_type", scaling.get());
      rope.put("factor", metadata.findNumber(prefix + "rope.scaling.factor").getAsDouble());
      metadata
          .findInteger(prefix + "rope.scaling.original_context_length")
          .ifPresent(length -> rope.put("original_max_position_embeddings", length));
      metadata
          .findNumber(prefix + "rope.scaling.attn_factor")
          .ifPresent(factor ->
              rope.put(
                  "attention_factor",
                  factor * (1 + 0.1 * Math.log(((Number) rope.get("factor")).doubleValue()))));
      config.put("rope_scaling", rope);
    }
  }

  private boolean isMixtral() {
    return config.get("model_type").equals("mixtral");
  }

  private static Object number(MetadataValue value) {
    return switch (value) {
      case MetadataValue.Int(var _, var number) -> number;
      case MetadataValue.Number(var _, var number) -> number;
      default -> throw new IllegalArgumentException(value.describe());
    };
  }

  /// A tensor as it is stored, by name; experts each alone.
  private record Stored(DType type, List<Long> shape, byte[] bytes) {}

  private Map<String, Stored> stored(TensorEntry tensor) throws IOException {
    var bytes = new byte[(int) tensor.bytes()];
    gguf.read(tensor, 0, MemorySegment.ofArray(bytes));
    var shape = tensor.shape().dimensions();
    String name = tensor.name();
    switch (name) {
      case "token_embd.weight":
        return Map.of("model.embed_tokens.weight", new Stored(tensor.type(), shape, bytes));
      case "output_norm.weight":
        return Map.of("model.norm.weight", new Stored(tensor.type(), shape, bytes));
      case "output.weight":
        return Map.of("lm_head.weight", new Stored(tensor.type(), shape, bytes));
      case "output.bias":
        return Map.of("lm_head.bias", new Stored(tensor.type(), shape, bytes));
      case "rope_freqs.weight":
        return Map.of();
      default:
        break;
    }
    String[] words = name.split("\\."); // blk, layer, what, ending
    String start = "model.layers." + words[1] + ".";
    if (words[2].endsWith("_exps")) {
      return experts(start, words[2], shape, bytes, tensor.type());
    }
    boolean isRotated = words[2].matches("attn_[qk]");
    if (isRotated && gguf.metadata().string("general.architecture").equals("llama")) {
      bytes = halves(bytes, words[2].equals("attn_q"), shape.getFirst());
    }
    String theirs =
        words[2].equals("ffn_gate_inp")
            ? (isMixtral() ? "block_sparse_moe.gate" : "mlp.gate")
            : NAMES.get(words[2]);
    return Map.of(start + theirs + "." + words[3], new Stored(tensor.type(), shape, bytes));
  }

  private Map<String, Stored> experts(
      String start, String what, List<Long> shape, byte[] bytes, DType type) {
    var ours = List.of("ffn_gate_exps", "ffn_up_exps", "ffn_down_exps");
    var theirs =
        isMixtral() ? List.of("w1", "w3", "w2") : List.of("gate_proj", "up_proj", "down_proj");
    int count = shape.getFirst().intValue();
    int size = bytes.length / count;
    var experts = new LinkedHashMap<String, Stored>();
    for (int expert = count - 1; expert >= 0; expert--) {
      String name =
          start
              + (isMixtral() ? "block_sparse_moe" : "mlp")
              + ".experts."
              + expert
              + "."
              + theirs.get(ours.indexOf(what))
              + ".weight";
      byte[] part = Arrays.copyOfRange(bytes, expert * size, (expert + 1) * size);
      experts.put(name, new Stored(type, shape.subList(1, 3), part));
    }
    return experts;
  }

  /// Rows 0, 2, 4 … of each head first, then the others.
  private byte[] halves(byte[] bytes, boolean isQuery, long rows) throws IOException {
    String key = "llama.attention.head_count" + (isQuery ? "" : "_kv");
    var heads = gguf.metadata().findInteger(key);
    long count =
        heads.isPresent()
            ? heads.getAsLong()
            : gguf.metadata().integer("llama.attention.head_count");
    int size = (int) (rows / count);
    int rowBytes = (int) (bytes.length / rows);
    var target = ByteBuffer.allocate(bytes.length);
    for (int head = 0; head < count; head++) {
      for (int half = 0; half < 2; half++) {
        for (int pair = 0; pair < size / 2; pair++) {
          target.put(bytes, (head * size + 2 * pair + half) * rowBytes, rowBytes);
        }
      }
    }
    return target.array();
  }

  private static byte[] safetensors(Map<String, Stored> tensors) {
    var header = new LinkedHashMap<String, Object>();
    header.put("__metadata__", Map.of("format", "pt"));
    long offset = 0;
    var data = new ByteArrayOutputStream();
    for (var tensor : tensors.entrySet()) {
      long end = offset + tensor.getValue().bytes().length;
      header.put(
          tensor.getKey(),
          Map.of(
              "dtype", tensor.getValue().type().name(),
              "shape", tensor.getValue().shape(),
              "data_offsets", List.of(offset, end)));
      data.writeBytes(tensor.getValue().bytes());
      offset = end;
    }
    byte[] json = JSON.writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    var file = ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
    return file.putLong(json.length).put(json).put(data.toByteArray()).array();
  }
}
