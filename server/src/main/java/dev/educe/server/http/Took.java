package dev.educe.server.http;

/// What it took to answer a request, for those who observe it.
///
/// @param inputTokens tokens that were read
/// @param cachedTokens of those, how many were known
/// @param outputTokens tokens that were written
/// @param firstNanos from the request to its first token; 0 if there was none
public record Took(long inputTokens, long cachedTokens, long outputTokens, long firstNanos) {}
