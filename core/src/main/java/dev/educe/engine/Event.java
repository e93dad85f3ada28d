package dev.educe.engine;

import dev.educe.sampling.LogProbabilities;
import java.util.Optional;

/// What becomes of a request: tokens, then one end.
public sealed interface Event permits Event.Token, Ended {
  /// A generated token.
  ///
  /// @param id of the token
  /// @param text what it made certain, perhaps nothing
  /// @param logprobs how likely the model found it, if that was asked for
  record Token(int id, String text, Optional<LogProbabilities> logprobs) implements Event {}
}
