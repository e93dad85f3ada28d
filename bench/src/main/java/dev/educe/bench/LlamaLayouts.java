package dev.educe.bench;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// The structures of llama.cpp v0.5.0 that its functions take by value.
///
/// Another version may have others, and a wrong layout would be read without a word; so the values
/// that the library itself writes as defaults are compared with those known of this version.
///
/// Source: the published header of neighbouring versions; confirmed by those defaults.
final class LlamaLayouts {
  /// `llama_model_params`.
  static final StructLayout MODEL =
      struct(
          ADDRESS.withName("devices"),
          ADDRESS.withName("tensor_buft_overrides"),
          JAVA_INT.withName("n_gpu_layers"),
          JAVA_INT.withName("split_mode"),
          JAVA_INT.withName("load_mode"),
          JAVA_INT.withName("lazy_mode"),
          JAVA_INT.withName("main_gpu"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("tensor_split"),
          ADDRESS.withName("progress_callback"),
          ADDRESS.withName("progress_callback_user_data"),
          ADDRESS.withName("kv_overrides"),
          JAVA_BYTE.withName("vocab_only"),
          JAVA_BYTE.withName("check_tensors"),
          JAVA_BYTE.withName("use_extra_bufts"),
          JAVA_BYTE.withName("no_host"),
          JAVA_BYTE.withName("no_alloc"),
          JAVA_BYTE.withName("load_mtp"),
          MemoryLayout.paddingLayout(2));

  /// `llama_context_params`.
  static final StructLayout CONTEXT =
      struct(
          JAVA_INT.withName("n_ctx"),
          JAVA_INT.withName("n_batch"),
          JAVA_INT.withName("n_ubatch"),
          JAVA_INT.withName("n_seq_max"),
          JAVA_INT.withName("n_rs_seq"),
          JAVA_INT.withName("n_outputs_max"),
          JAVA_INT.withName("n_outputs_max_per_seq"),
          JAVA_INT.withName("n_threads"),
          JAVA_INT.withName("n_threads_batch"),
          JAVA_INT.withName("ctx_type"),
          JAVA_INT.withName("rope_scaling_type"),
          JAVA_INT.withName("pooling_type"),
          JAVA_INT.withName("attention_type"),
          JAVA_INT.withName("flash_attn_type"),
          JAVA_FLOAT.withName("rope_freq_base"),
          JAVA_FLOAT.withName("rope_freq_scale"),
          JAVA_FLOAT.withName("yarn_ext_factor"),
          JAVA_FLOAT.withName("yarn_attn_factor"),
          JAVA_FLOAT.withName("yarn_beta_fast"),
          JAVA_FLOAT.withName("yarn_beta_slow"),
          JAVA_INT.withName("yarn_orig_ctx"),
          JAVA_FLOAT.withName("defrag_thold"),
          ADDRESS.withName("cb_eval"),
          ADDRESS.withName("cb_eval_user_data"),
          JAVA_INT.withName("type_k"),
          JAVA_INT.withName("type_v"),
          ADDRESS.withName("abort_callback"),
          ADDRESS.withName("abort_callback_data"),
          JAVA_BYTE.withName("embeddings"),
          JAVA_BYTE.withName("offload_kqv"),
          JAVA_BYTE.withName("no_perf"),
          JAVA_BYTE.withName("op_offload"),
          JAVA_BYTE.withName("swa_full"),
          JAVA_BYTE.withName("kv_unified"),
          MemoryLayout.paddingLayout(2),
          ADDRESS.withName("samplers"),
          JAVA_LONG.withName("n_samplers"),
          ADDRESS.withName("ctx_other"));

  /// `llama_batch`.
  static final StructLayout BATCH =
      struct(
          JAVA_INT.withName("n_tokens"),
          MemoryLayout.paddingLayout(4),
          ADDRESS.withName("token"),
          ADDRESS.withName("embd"),
          ADDRESS.withName("pos"),
          ADDRESS.withName("n_seq_id"),
          ADDRESS.withName("seq_id"),
          ADDRESS.withName("logits"));

  private static final int CPU_MASK = 512;

  /// `ggml_threadpool_params`.
  static final StructLayout THREADS =
      struct(
          MemoryLayout.sequenceLayout(CPU_MASK, JAVA_BYTE).withName("cpumask"),
          JAVA_INT.withName("n_threads"),
          JAVA_INT.withName("prio"),
          JAVA_INT.withName("poll"),
          JAVA_BYTE.withName("strict_cpu"),
          JAVA_BYTE.withName("paused"),
          MemoryLayout.paddingLayout(2));

  private static final Map<String, Number> MODEL_DEFAULTS =
      defaults(
          "devices=0 tensor_buft_overrides=0 n_gpu_layers=-1 split_mode=1 load_mode=-1 lazy_mode=1"
              + " main_gpu=0 tensor_split=0 progress_callback=0 kv_overrides=0 vocab_only=0"
              + " check_tensors=0 use_extra_bufts=1 no_host=0 no_alloc=0");

  private static final Map<String, Number> CONTEXT_DEFAULTS =
      defaults(
          "n_ctx=512 n_batch=2048 n_ubatch=512 n_seq_max=1 n_threads=4 n_threads_batch=4"
              + " rope_scaling_type=-1 pooling_type=-1 attention_type=-1 flash_attn_type=-1"
              + " yarn_ext_factor=-1.0 defrag_thold=-1.0 cb_eval=0 type_k=1 type_v=1 embeddings=0"
              + " offload_kqv=1 no_perf=1 samplers=0 n_samplers=0 ctx_other=0");

  private static final Map<String, Number> THREADS_DEFAULTS =
      defaults("prio=0 poll=50 strict_cpu=0 paused=0");

  private LlamaLayouts() {}

  private static StructLayout struct(MemoryLayout... members) {
    return MemoryLayout.structLayout(members);
  }

  private static Map<String, Number> defaults(String text) {
    var values = new LinkedHashMap<String, Number>();
    for (String each : text.split(" ")) {
      String[] pair = each.split("=");
      values.put(
          pair[0], pair[1].contains(".") ? Float.valueOf(pair[1]) : (Number) Long.valueOf(pair[1]));
    }
    return values;
  }

  /// @throws PeerFailedException if the defaults are not those of the version known here
  static void check(MemorySegment model, MemorySegment context, MemorySegment threads)
      throws PeerFailedException {
    check("llama_model_params", MODEL, model, MODEL_DEFAULTS);
    check("llama_context_params", CONTEXT, context, CONTEXT_DEFAULTS);
    check("ggml_threadpool_params", THREADS, threads, THREADS_DEFAULTS);
    byte[] mask = threads.asSlice(0, CPU_MASK).toArray(JAVA_BYTE);
    if (!Arrays.equals(mask, new byte[CPU_MASK])) {
      throw new PeerFailedException("ggml_threadpool_params has another layout: a mask is set");
    }
  }

  private static void check(
      String name, StructLayout layout, MemorySegment found, Map<String, Number> wanted)
      throws PeerFailedException {
    for (var each : wanted.entrySet()) {
      Number value = get(found, layout, each.getKey());
      if (!value.equals(each.getValue())) {
        throw new PeerFailedException(
            "%s has another layout than known: %s is %s by default, expected %s"
                .formatted(name, each.getKey(), value, each.getValue()));
      }
    }
  }

  /// A member's value: a float, or any other as a long.
  static Number get(MemorySegment struct, StructLayout layout, String member) {
    long offset = offset(layout, member);
    return switch (layout.select(PathElement.groupElement(member))) {
      case ValueLayout.OfByte type -> (long) struct.get(type, offset);
      case ValueLayout.OfInt type -> (long) struct.get(type, offset);
      case ValueLayout.OfLong type -> struct.get(type, offset);
      case ValueLayout.OfFloat type -> struct.get(type, offset);
      case java.lang.foreign.AddressLayout type -> struct.get(type, offset).address();
      case MemoryLayout other ->
          throw new IllegalArgumentException(member + " is no number: " + other);
    };
  }

  static void set(MemorySegment struct, StructLayout layout, String member, int value) {
    long offset = offset(layout, member);
    switch (layout.select(PathElement.groupElement(member))) {
      case ValueLayout.OfByte type -> struct.set(type, offset, (byte) value);
      case ValueLayout.OfInt type -> struct.set(type, offset, value);
      case MemoryLayout other ->
          throw new IllegalArgumentException(member + " is no whole number: " + other);
    }
  }

  static MemorySegment pointer(MemorySegment struct, StructLayout layout, String member) {
    return struct.get(ADDRESS, offset(layout, member));
  }

  private static long offset(StructLayout layout, String member) {
    return layout.byteOffset(PathElement.groupElement(member));
  }
}
