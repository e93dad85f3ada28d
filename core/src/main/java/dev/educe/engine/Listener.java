package dev.educe.engine;

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

  /// A token was generated.
  void token(Event.Token token);

  /// The request has ended; nothing follows.
  void ended(Ended ended);
}
