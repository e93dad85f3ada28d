package dev.educe.model;

import dev.educe.format.ModelFormatException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Causal attention with grouped heads: `heads / kvHeads` query heads share a key and value head.
///
/// For each head: `q` and `k` are projected, normalized if there are norms, rotated if there is
/// [#rope]; `q` is multiplied by [#temperature]; then `softmax(q·k · scale) · v` over the positions
/// in the window, and the output projection over all heads.
///
/// Source: Ainslie et al. 2023, "GQA", section 2.
///
/// | weight   | shape                          |
/// |----------|--------------------------------|
/// | `query`  | `[heads · headSize, hiddenSize]` |
/// | `key`, `value` | `[kvHeads · headSize, hiddenSize]` |
/// | `output` | `[hiddenSize, heads · headSize]` |
/// | `queryNorm`, `keyNorm` | `[headSize]`, the same for each head |
///
/// @param scale factor of the scores
/// @param window positions a token sees at most, itself included; [Integer#MAX_VALUE] for all
public record Attention(
    int heads,
    int kvHeads,
    int headSize,
    float scale,
    int window,
    Projection query,
    Projection key,
    Projection value,
    Projection output,
    Optional<Norm> queryNorm,
    Optional<Norm> keyNorm,
    Optional<Rope> rope,
    Optional<AttentionTemperature> temperature)
    implements Op {

  /// As in Llama: `attn_q`, `attn_k`, `attn_v`, `attn_output`, biases where the file has them,
  /// scale and window as the checkpoint says.
  public static Attention grouped(Hyperparameters h, int layer) throws ModelFormatException {
    int hidden = h.hiddenSize();
    int heads = h.heads(layer);
    int kvHeads = h.kvHeads(layer);
    int size = h.headSize();
    float scale = (float) h.number("attention.scale", 0);
    return new Attention(
        heads,
        kvHeads,
        size,
        scale == 0 ? 1 / (float) Math.sqrt(size) : scale,
        h.slidingWindow(),
        Projection.of(layer, "attn_q", heads * size, hidden),
        Projection.of(layer, "attn_k", kvHeads * size, hidden),
        Projection.of(layer, "attn_v", kvHeads * size, hidden),
        Projection.of(layer, "attn_output", hidden, heads * size),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /// With rotated queries and keys, whose rows are brought into the order that backends rotate.
  public Attention withRope(Rope rope) {
    var order = rope.rowOrder(headSize);
    return with(
        query.withRowOrder(order),
        key.withRowOrder(order),
        value,
        queryNorm.map(norm -> ordered(norm, order)),
        keyNorm.map(norm -> ordered(norm, order)),
        Optional.of(rope),
        temperature);
  }

  /// With a norm over each query head and each key head: `attn_q_norm`, `attn_k_norm`.
  public Attention withHeadNorms(Hyperparameters h, int layer) throws ModelFormatException {
    var order = rope.map(r -> r.rowOrder(headSize)).orElse(RowOrder.AS_STORED);
    var ofQuery = Norm.rms(h, WeightSpec.inLayer(layer, "attn_q_norm.weight"), headSize);
    var ofKey = Norm.rms(h, WeightSpec.inLayer(layer, "attn_k_norm.weight"), headSize);
    return with(
        query,
        key,
        value,
        Optional.of(ordered(ofQuery, order)),
        Optional.of(ordered(ofKey, order)),
        rope,
        temperature);
  }

  /// With biases of queries, keys and values that must be there.
  public Attention withBiases() {
    return with(
        query.withBias(), key.withBias(), value.withBias(), queryNorm, keyNorm, rope, temperature);
  }

  /// With queries that grow with their position.
  public Attention withTemperature(AttentionTemperature temperature) {
    return with(query, key, value, queryNorm, keyNorm, rope, Optional.of(temperature));
  }

  private Attention with(
      Projection query,
      Projection key,
      Projection value,
      Optional<Norm> queryNorm,
      Optional<Norm> keyNorm,
      Optional<Rope> rope,
      Optional<AttentionTemperature> temperature) {
    return new Attention(
        heads,
        kvHeads,
        headSize,
        scale,
        window,
        query,
        key,
        value,
        output,
        queryNorm,
        keyNorm,
        rope,
        temperature);
  }

  private static Norm ordered(Norm norm, RowOrder order) {
    return new Norm(norm.weight().withRowOrder(order), norm.epsilon());
  }

  @Override
  public List<WeightSpec> weights() {
    var projections = Stream.of(query, key, value, output).flatMap(p -> p.weights().stream());
    var norms = Stream.concat(queryNorm.stream(), keyNorm.stream()).map(Norm::weight);
    var factors = rope.flatMap(Rope::factors).stream();
    return Stream.of(projections, norms, factors).flatMap(s -> s).toList();
  }

  @Override
  public int kvElementsPerToken() {
    return 2 * kvHeads * headSize;
  }
}
