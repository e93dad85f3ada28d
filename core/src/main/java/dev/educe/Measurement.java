package dev.educe;

/// How long raw work took; see [Model#measure].
///
/// @param promptNanos for all prompts together
/// @param decodeNanos for all generated tokens of all sequences together
public record Measurement(long promptNanos, long decodeNanos) {}
