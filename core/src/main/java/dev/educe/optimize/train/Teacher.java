package dev.educe.optimize.train;

import dev.educe.tokenizer.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/// A model whose predictions a student learns.
public interface Teacher extends AutoCloseable {
  /// How it reads text.
  Tokenizer tokenizer();

  /// Tokens that it reads at once, at most.
  int contextLength();

  /// Its logits at each position of a sequence, row by row: F32 `[vocabularySize]`, borrowed for
  /// the call.
  ///
  /// @param tokens 1 to [#contextLength]
  void logits(int[] tokens, Consumer<MemorySegment> row);

  /// Frees what it holds of its own.
  @Override
  default void close() {}
}
