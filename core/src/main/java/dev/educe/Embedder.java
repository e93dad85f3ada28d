package dev.educe;

import dev.educe.engine.Work;
import dev.educe.format.ModelFormatException;
import dev.educe.sampling.Sampler;
import dev.educe.sampling.Sampling;
import java.io.UncheckedIOException;
import java.util.List;

/// Turns texts into vectors: what a model's hidden states after its final norm say of them, pooled
/// as its file wants it and made one long.
///
/// Texts are read in the steps that generations take: they wait where those wait, have half of the
/// places at most, and hold up nobody's next token. A vector depends on its text alone, to the bit.
/// Thread-safe.
public final class Embedder {
  // Enough short texts to fill a step; what a text waits for then is arithmetic.
  private static final int AT_ONCE = 16;

  private final Model model;
  private final int size;
  private final Pooling pooling;

  /// @throws dev.educe.format.UnsupportedModelException if the model gives no vectors
  Embedder(Model model) {
    this.model = model;
    this.size = model.stateSize();
    try {
      this.pooling = Pooling.of(model.metadata());
    } catch (ModelFormatException damaged) {
      throw new UncheckedIOException(damaged);
    }
  }

  /// Values of a vector, unless fewer are asked for.
  public int size() {
    return size;
  }

  /// How states become one.
  public Pooling pooling() {
    return pooling;
  }

  /// The vector of a text: F32 `[size]`, its length 1.
  ///
  /// @throws IllegalArgumentException if it has no tokens, or more than the context
  /// @throws dev.educe.engine.RefusedException if too many wait already, or the model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  /// @throws java.util.concurrent.CancellationException if this thread is interrupted
  public float[] embed(String text) {
    return embed(List.of(text), EmbeddingOptions.defaults()).vectors().getFirst();
  }

  /// The vectors of texts, in their order.
  ///
  /// @throws IllegalArgumentException if there are no texts, one has no tokens or more than the
  ///   context, or more dimensions are asked for than there are
  /// @throws dev.educe.engine.RefusedException if too many wait already, or the model is closed
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  /// @throws java.util.concurrent.CancellationException if this thread is interrupted, or the
  ///   deadline has come
  public Embeddings embed(List<String> texts, EmbeddingOptions options) {
    var tokenizer = model.tokenizer();
    return start(texts.stream().map(text -> tokenizer.encode(text, false)).toList(), options)
        .result();
  }

  /// Starts to read texts and returns at once.
  ///
  /// @param inputs their tokens; not changed by anybody from now on
  /// @throws IllegalArgumentException if there are no texts, one has no tokens or more than the
  ///   context, or more dimensions are asked for than there are
  /// @throws dev.educe.engine.RefusedException if too many wait already, or the model is closed
  public EmbeddingRun start(List<int[]> inputs, EmbeddingOptions options) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("there are no texts; give at least one");
    }
    inputs.forEach(model::checkTokens);
    int dimensions = options.dimensions().orElse(size);
    if (dimensions > size) {
      throw new IllegalArgumentException(
          "the model's vectors have %,d dimensions, got %,d".formatted(size, dimensions));
    }
    var pools = inputs.stream().map(input -> new StatePool(pooling, size, input.length)).toList();
    long start = System.nanoTime();
    var readings =
        new Readings(
            model.engine(),
            inputs.size(),
            AT_ONCE,
            (index, listener) -> {
              var pool = pools.get(index);
              var sampler = new Sampler(Sampling.greedy(), 0);
              long nanosMax = options.nanosLeft(System.nanoTime() - start);
              return Work.of(inputs.get(index), 0, model.key(options.tenant()), sampler, listener)
                  .withPriority(options.priority())
                  .withDeadlines(nanosMax, nanosMax)
                  .withStates(pool.from(), (position, state, _) -> pool.add(position, state));
            });
    return new EmbeddingRun(readings, pools, dimensions);
  }
}
