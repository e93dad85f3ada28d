package dev.educe.engine;

import java.util.List;

/// Guesses what comes next in sequences, so that a step can compute several tokens of each.
///
/// A guess never changes a token: a sampler chooses at every position as it would alone, and a
/// guess that differs from its choice is dropped, with what was computed of it and after it. So
/// guesses cost or save time, and nothing else.
///
/// Called on the engine's thread; one that throws is not asked again.
public interface Drafter extends AutoCloseable {
  /// Guesses nothing.
  Drafter NONE =
      new Drafter() {
        @Override
        public void draft(List<Draft> drafts) {}

        @Override
        public double guessNanos() {
          return 0;
        }
      };

  /// Guesses for each sequence up to [Draft#wanted] tokens.
  ///
  /// @param drafts of different sequences
  void draft(List<Draft> drafts);

  /// How long a guess takes, of late; 0 if that is nothing beside a step. Such guesses are made at
  /// every step, if only to see how good they are.
  double guessNanos();

  /// A sequence has ended: what is kept of it is of no use.
  default void forget(Draft draft) {}

  /// Frees what it has; a second call does nothing.
  @Override
  default void close() {}
}
