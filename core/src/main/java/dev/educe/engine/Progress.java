package dev.educe.engine;

/// How the engine is getting on, for whoever watches over it.
///
/// Work that waits while nothing progresses is a fault, however alive the process is.
///
/// @param waiting requests that wait for their first step
/// @param running sequences that have pages
/// @param paused of those, how many wait for their listeners
/// @param pages that the cache has
/// @param freePages pages that nobody uses
/// @param cachedPages pages that the prefix tree holds
/// @param steps how many there were
/// @param lastStepNanos when the last one ended, on the engine's clock
public record Progress(
    int waiting,
    int running,
    int paused,
    int pages,
    int freePages,
    int cachedPages,
    long steps,
    long lastStepNanos) {}
