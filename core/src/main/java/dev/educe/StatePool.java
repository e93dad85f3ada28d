package dev.educe;

import dev.educe.sampling.NumericalException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Makes one vector of a text's hidden states.
///
/// Sums are doubles and run over the positions in ascending order, so how a text was cut into
/// chunks does not show. Only the engine's thread adds; who reads waits for its end before.
final class StatePool {
  private final Pooling pooling;
  private final double[] sums; // [size]
  private final int tokens;

  StatePool(Pooling pooling, int size, int tokens) {
    this.pooling = pooling;
    this.sums = new double[size];
    this.tokens = tokens;
  }

  /// The first position whose state is wanted.
  int from() {
    return pooling == Pooling.LAST ? tokens - 1 : 0;
  }

  /// @param state F32 `[size]`
  void add(int position, MemorySegment state) {
    if (pooling == Pooling.CLS && position > 0) {
      return;
    }
    for (int i = 0; i < sums.length; i++) {
      sums[i] += state.getAtIndex(ValueLayout.JAVA_FLOAT, i);
    }
  }

  /// The first values of the pooled state, divided by their length; a mean points where its sum
  /// does. What has no length stays as it is.
  ///
  /// @throws NumericalException if a value is not finite
  float[] vector(int dimensions) {
    double squares = 0;
    for (int i = 0; i < dimensions; i++) {
      squares += sums[i] * sums[i];
    }
    if (!Double.isFinite(squares)) {
      throw new NumericalException("the text's hidden state holds a number that is not finite");
    }
    double length = squares == 0 ? 1 : Math.sqrt(squares);
    var vector = new float[dimensions];
    for (int i = 0; i < dimensions; i++) {
      vector[i] = (float) (sums[i] / length);
    }
    return vector;
  }
}
