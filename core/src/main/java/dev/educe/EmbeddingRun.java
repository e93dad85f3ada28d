package dev.educe;

import java.time.Duration;
import java.util.List;

/// Texts that are being turned into vectors. Any thread may wait for them or cancel them.
public final class EmbeddingRun implements AutoCloseable {
  private final Readings readings;
  private final List<StatePool> pools;
  private final int dimensions;

  EmbeddingRun(Readings readings, List<StatePool> pools, int dimensions) {
    this.readings = readings;
    this.pools = pools;
    this.dimensions = dimensions;
  }

  /// Waits for the end.
  ///
  /// @return whether it has come in this time
  public boolean await(Duration time) throws InterruptedException {
    return readings.await(time.toNanos());
  }

  /// The vectors, once all are there. An interrupt of this thread cancels them.
  ///
  /// @throws dev.educe.engine.RefusedException if the model was closed meanwhile, or they waited
  ///   longer than they may
  /// @throws dev.educe.sampling.NumericalException if the model's numbers are no longer finite
  /// @throws java.util.concurrent.CancellationException if they were cancelled, or the deadline has
  ///   come
  public Embeddings result() {
    readings.join();
    var vectors = pools.stream().map(pool -> pool.vector(dimensions)).toList();
    return new Embeddings(vectors, readings.promptTokens());
  }

  /// Tokens of the texts that were read so far: what is to be paid for, whatever becomes of it.
  public long promptTokens() {
    return readings.promptTokens();
  }

  /// Cancels what has not ended; it is gone at the engine's next step.
  @Override
  public void close() {
    readings.close();
  }
}
