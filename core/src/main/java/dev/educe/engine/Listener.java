package dev.educe.engine;

import dev.educe.sampling.LogProbabilities;

/// Is told what becomes of a request, on the engine's thread: it must not block.
///
/// One that throws loses its request, which then ends as failed, and harms nobody else.
/// [EventQueue] hands the events to another thread.
public interface Listener {
  /// Whether another token can be taken. While it cannot, the request pauses; whoever makes room
  /// wakes the engine.
  default boolean hasRoom() {
    return true;
  }

  /// How likely a token of the prompt was, from the second on and in order, if that was asked for;
  /// comes before all tokens.
  default void promptToken(LogProbabilities logprobs) {}

  /// A token was generated.
  void token(Event.Token token);

  /// The request has ended; nothing follows.
  void ended(Ended ended);
}
