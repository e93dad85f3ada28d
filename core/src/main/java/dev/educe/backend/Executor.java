package dev.educe.backend;

import dev.educe.cache.PagePool;
import dev.educe.cache.PageStore;
import java.lang.foreign.MemorySegment;

/// Computes the logits or states of a batch, and keeps the keys and values of its tokens.
///
/// Only one thread at a time may call it. Everything is allocated when it is made.
public interface Executor extends PageStore, AutoCloseable {
  /// Runs the model over a batch; the keys and values of its tokens are in their pages afterwards.
  ///
  /// Rows never mix but through a sequence's own pages: what a sequence gets does not depend on
  /// what else is in the batch. A slice whose numbers are no longer finite is marked as failed in
  /// the batch.
  void forward(Batch batch);

  /// The logits of the rows that the last batch asked for: F32, row `i` begins at float `i ·
  /// logitsStride`. Borrowed until the next call of [#forward].
  MemorySegment logits();

  /// Floats from one row of [#logits] to the next.
  long logitsStride();

  /// The hidden states, after the final norm, of the tokens that the last batch asked for: F32, the
  /// one of output `i` begins at float `i · statesStride`. Borrowed until the next call of
  /// [#forward].
  MemorySegment states();

  /// Floats from one output to the next in [#states].
  long statesStride();

  /// Values of a state.
  int stateSize();

  /// Tokens a batch may have.
  int batchTokensMax();

  /// Rows of logits a batch may ask for.
  int batchLogitsMax();

  /// The pages that hold keys and values.
  PagePool pages();

  /// Frees the weights and the cache; a second call does nothing.
  @Override
  void close();
}
