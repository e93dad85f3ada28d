package dev.educe.engine;

import java.util.Optional;

/// The last event of a request.
///
/// @param finish why it ended
/// @param text what was held back until now
/// @param stop the stop text that ended it, if one did
/// @param cause why it was cancelled by the engine, or failed
/// @param usage what it took
public record Ended(
    Finish finish,
    String text,
    Optional<String> stop,
    Optional<RuntimeException> cause,
    Usage usage)
    implements Event {}
